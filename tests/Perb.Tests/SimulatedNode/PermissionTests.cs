using Perb.Simulation.Access;
using Perb.Simulation.Guests;
using Perb.Simulation.Storage;

namespace Perb.Tests.Simulation;

public sealed class PermissionTests
{
    private const string Archive = "vzdump-qemu-100-2026_11_20-02_00_01.vma.zst";

    [Fact]
    public async Task A_separated_token_has_the_intersection_of_its_own_and_its_users_rights()
    {
        await using var node = await NodeUnderTest.StartAsync();
        node.Remember(new NodeToken("a@pve!more", "secret"));
        node.Node.Access.Grant("a@pve!more", "/", "Administrator");

        var permissions = await node.GetAsync("access/permissions", "a@pve!more");
        var status = await node.GetAsync("nodes/pve1/status", "a@pve!more");

        Assert.Equal("{}", permissions.Data!.ToJsonString());
        Assert.Equal((403, "Permission check failed (/nodes/pve1, Sys.Audit)"), (status.Status, status.Reason));
    }

    [Fact]
    public async Task Permissions_show_the_propagate_flag_and_answer_an_asked_path_even_if_empty()
    {
        await using var node = await NodeUnderTest.StartAsync();
        node.Remember(new NodeToken("a@pve!tk", "secret") { PrivilegeSeparation = false });
        node.Node.Access.SetRole("Backup", "VM.Backup");
        node.Node.Access.Grant("a@pve", "/vms/100", "Backup", propagate: false);

        Assert.Equal("""{"/vms/100":{"VM.Backup":0}}""", (await node.GetAsync("access/permissions", "a@pve!tk")).Data!.ToJsonString());
        Assert.Equal("""{"/vms/7":{}}""", (await node.GetAsync("access/permissions?path=/vms/7", "a@pve!tk")).Data!.ToJsonString());
    }

    [Fact]
    public async Task A_more_specific_path_replaces_inherited_roles()
    {
        await using var node = await NodeWithArchiveAsync();
        var token = node.Token("a@pve!tk", ("/", NodeUnderTest.WatcherPrivileges), ("/storage/local", ["Datastore.AllocateSpace"]));

        Assert.DoesNotContain("storage/pve1/local", (await node.GetAsync("cluster/resources", token)).Texts("id"));
        // AllocateSpace is enough for the storage list, but not for the resources.
        Assert.Equal(["local"], (await node.GetAsync("nodes/pve1/storage", token)).Texts("storage"));
    }

    [Fact]
    public async Task The_content_list_is_empty_with_200_for_an_auditor_while_the_prune_dry_run_shows_all()
    {
        await using var node = await NodeWithArchiveAsync();
        var token = node.Token("a@pve!tk", ("/", NodeUnderTest.WatcherPrivileges));

        var content = await node.GetAsync("nodes/pve1/storage/local/content?content=backup", token);
        var prune = await node.GetAsync("nodes/pve1/storage/local/prunebackups?prune-backups=keep-all%3D1", token);
        var withoutRule = await node.GetAsync("nodes/pve1/storage/local/prunebackups", token);

        Assert.Equal((200, 0), (content.Status, content.Items.Count));
        Assert.Equal(["local:backup/" + Archive], prune.Texts("volid"));
        Assert.Equal(["keep"], prune.Texts("mark"));
        Assert.Equal((500, "no prune-backups options configured for storage 'local'"), (withoutRule.Status, withoutRule.Reason));
    }

    [Theory]
    [InlineData("Datastore.Audit Datastore.AllocateSpace VM.Backup", 200, 200, 200)]
    [InlineData("Datastore.Audit Datastore.Allocate", 200, 200, 403)]
    [InlineData("Datastore.Audit", 403, 403, 403)]
    [InlineData("Datastore.Audit Datastore.AllocateSpace", 403, 403, 403)]
    public async Task Seeing_annotating_and_deleting_a_volume_need_these_rights(string privileges, int get, int put, int delete)
    {
        await using var node = await NodeWithArchiveAsync();
        var token = node.Token("a@pve!tk", ("/", privileges.Split(' ')));
        var path = "nodes/pve1/storage/local/content/" + Uri.EscapeDataString("local:backup/" + Archive);

        Assert.Equal(get, (await node.GetAsync(path, token)).Status);
        using var notes = new FormUrlEncodedContent([KeyValuePair.Create("notes", "checked ✓")]);
        Assert.Equal(put, (await node.SendAsync(HttpMethod.Put, path, token, notes)).Status);
        Assert.Equal(delete, (await node.SendAsync(HttpMethod.Delete, path + "?delay=5", token)).Status);
    }

    [Fact]
    public async Task A_task_list_without_audit_holds_only_what_the_same_token_started()
    {
        await using var node = await NodeWithArchiveAsync();
        var token = node.Token("a@pve!tk", ("/", ["Datastore.AllocateSpace"]));
        var now = TimeProvider.System.GetUtcNow();
        node.Node.Tasks.AddFinished("vzdump", "", "root@pam", "OK", now, now);
        node.Node.Tasks.AddFinished("vzdump", "", token, "OK", now, now);
        node.Node.Tasks.AddFinished("vzdump", "", "a@pve!other", "OK", now, now);

        Assert.Equal(1, (int?)(await node.GetAsync("nodes/pve1/tasks", token)).Json!["total"]);
        Assert.Empty((await node.GetAsync("cluster/tasks", token)).Items);
    }

    [Fact]
    public async Task Not_backed_up_without_VM_Audit_looks_like_all_covered()
    {
        await using var node = await NodeUnderTest.StartAsync();
        node.Node.AddGuest(new Guest(100, GuestType.Qemu, "mail", "/nowhere"));
        var blind = node.Token("a@pve!tk", ("/", ["Sys.Audit"]));
        var seeing = node.Token("b@pve!tk", ("/", ["Sys.Audit", "VM.Audit"]));

        Assert.Empty((await node.GetAsync("cluster/backup-info/not-backed-up", blind)).Items);
        Assert.Equal(["100"], (await node.GetAsync("cluster/backup-info/not-backed-up", seeing)).Texts("vmid"));
    }

    [Fact]
    public async Task A_pool_lends_its_rights_to_its_members()
    {
        await using var node = await NodeUnderTest.StartAsync();
        node.Node.AddGuest(new Guest(100, GuestType.Qemu, "mail", "/nowhere") { Pool = "prod" });
        node.Node.AddGuest(new Guest(101, GuestType.Lxc, "web", "/nowhere"));
        node.Node.Access.SetPool(new NodePool("prod", [100], []));
        var token = node.Token("a@pve!tk", ("/pool/prod", ["VM.Audit", "Pool.Audit"]));

        var guests = await node.GetAsync("cluster/resources?type=vm", token);

        Assert.Equal(["100"], guests.Texts("vmid"));
        Assert.Equal(["prod"], guests.Texts("pool"));
    }

    private static async Task<NodeUnderTest> NodeWithArchiveAsync()
    {
        var node = await NodeUnderTest.StartAsync();
        node.Node.AddStorage(new StorageDefinition("local") { Path = node.PathOf("local") });
        await File.WriteAllTextAsync(Path.Combine(node.Node.Storages["local"].DumpDirectory, Archive), "archive", TestContext.Current.CancellationToken);
        return node;
    }
}
