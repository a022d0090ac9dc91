using Microsoft.Extensions.Logging.Abstractions;
using Perb.Scheduler.Discovery;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Pipeline;
using Perb.TestKit.Http;
using Perb.Tests.Configuration;
using Perb.Tests.ProxmoxClient;
using Perb.Tests.Store;

namespace Perb.Tests.Discovery;

/// <summary>A reconcile against scripted answers, real directories and a real store.</summary>
public sealed class ArchiveDiscoveryTests : IAsyncLifetime
{
    private const string AllPrivileges = """{ "/": { "Sys.Audit": 1, "Datastore.Audit": 1, "VM.Audit": 1, "Pool.Audit": 1 } }""";
    private const string NoGuests = """{ "/nodes": { "Sys.Audit": 1 }, "/storage": { "Datastore.Audit": 1 }, "/pool": { "Pool.Audit": 1 } }""";

    private readonly Dictionary<string, string> _answers = [];
    private TestStore _store = null!;
    private string _dump = "";

    public async ValueTask InitializeAsync()
    {
        _store = await TestStore.OpenAsync();
        _dump = Directory.CreateDirectory(Path.Combine(_store.Folder, "vz", "dump")).FullName;
        _answers["/access/permissions"] = AllPrivileges;
        _answers["/cluster/resources"] = """[ { "type": "qemu", "vmid": 100, "node": "pve1", "name": "web" }, { "type": "qemu", "vmid": 101, "node": "pve2" } ]""";
        _answers["/nodes"] = """[ { "node": "pve1", "status": "online" } ]""";
        _answers["/nodes/pve1/tasks"] = "[]";
        _answers["/nodes/pve1/storage"] = """[ { "storage": "local", "type": "dir", "active": 1 } ]""";
        SetStorage("");
    }

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    [Fact]
    public async Task What_lies_in_a_storage_is_discovered_once()
    {
        Write(100);

        await ReconcileAsync();
        await ReconcileAsync();

        Assert.Equal(100, Assert.Single(await _store.Status.ListAsync(null, null, TestStore.Stop)).Guest);
        Assert.Equal([(100, (bool?)true)], (await _store.Status.GuestsAsync(TestStore.Stop)).Select(guest => (guest.Guest, guest.Exists)));
        Assert.Empty(await _store.Status.TroublesAsync(TestStore.Stop));
    }

    [Fact]
    public async Task A_token_that_is_not_shown_guests_makes_none_of_them_gone()
    {
        Write(100);
        Write(102);
        await ReconcileAsync();
        _answers["/access/permissions"] = NoGuests;
        _answers["/cluster/resources"] = "[]";

        await ReconcileAsync();

        Assert.Equal(
            [(100, (bool?)true), (102, null)], (await _store.Status.GuestsAsync(TestStore.Stop)).Select(guest => (guest.Guest, guest.Exists)));
    }

    [Fact]
    public async Task A_storage_that_each_node_would_ship_is_trouble_until_one_is_named()
    {
        Write(100);
        SetStorage(""", "shared": 1""");
        _answers["/nodes"] = """[ { "node": "pve1", "status": "online" }, { "node": "pve2", "status": "offline" } ]""";

        await ReconcileAsync();

        Assert.Empty(await _store.Status.ListAsync(null, null, TestStore.Stop));
        var trouble = Assert.Single(await _store.Status.TroublesAsync(TestStore.Stop));
        Assert.Equal("storage local", trouble.Subject);
        Assert.Contains("each of the 2 nodes would ship it", trouble.Text, StringComparison.Ordinal);

        await ReconcileAsync("\"Discovery\": { \"Storages\": [ \"local\" ] }");

        Assert.Single(await _store.Status.ListAsync(null, null, TestStore.Stop));
        Assert.Empty(await _store.Status.TroublesAsync(TestStore.Stop));
    }

    [Theory]
    [InlineData(AllPrivileges, "backup", true)]
    [InlineData(AllPrivileges, "iso", false)]
    [InlineData("""{ "/nodes": { "Sys.Audit": 1 }, "/storage/local": { "Datastore.Audit": 1 } }""", "backup", false)]
    public async Task A_conflict_is_over_only_where_every_storage_was_looked_into(string privileges, string content, bool expected)
    {
        await _store.PublishAsync(Archives.Found(100));
        await _store.ExecuteAsync("UPDATE backup SET failure = 'differs'");
        _answers["/access/permissions"] = privileges;
        SetStorage("", content);

        await ReconcileAsync();

        Assert.Equal(expected ? null : "differs", Assert.Single(await _store.Status.ListAsync(null, null, TestStore.Stop)).Failure);
    }

    [Fact]
    public async Task A_storage_that_lists_nothing_suddenly_is_not_believed()
    {
        Write(100);
        await ReconcileAsync();
        Directory.Delete(_dump, recursive: true);
        Directory.CreateDirectory(_dump);

        await ReconcileAsync();

        Assert.Contains("is it mounted?", Assert.Single(await _store.Status.TroublesAsync(TestStore.Stop)).Text, StringComparison.Ordinal);
        Assert.Equal("discovered", Scheduler.Backups.BackupStates.Word(Assert.Single(await _store.Status.ListAsync(null, null, TestStore.Stop)).State));
    }

    private async Task ReconcileAsync(string change = "\"Rpo\": \"1.06:00:00\"")
    {
        await using var connection = new NodeConnection(request =>
            RawAnswer.Json($$"""{ "data": {{_answers[request.Target["/api2/json".Length..].Split('?')[0]]}} }"""));
        var options = Some.Options($"\"Proxmox\": {{ \"Node\": \"pve1\" }}, {change}");
        var storages = new StorageListing(connection.Api, new DumpListing(TimeZoneInfo.Utc), options, _store.Time);
        using var discovery = new ArchiveDiscovery(
            connection.Api,
            new VzdumpTasks(connection.Api, "pve1"),
            storages,
            new DiscoveryDiff(new CatchUpPolicy(options.Discovery), ["r"]),
            _store.Discovery,
            _store.Status,
            new Troubles(_store.Status, NullLogger<Troubles>.Instance),
            options,
            new WakeUp(),
            _store.Time,
            NullLogger<ArchiveDiscovery>.Instance);
        await discovery.ReconcileAsync(TestStore.Stop);
    }

    private void SetStorage(string more, string content = "backup") =>
        _answers["/storage"] = $$"""[ { "storage": "local", "type": "dir", "path": "{{Path.GetDirectoryName(_dump)}}", "content": "{{content}}"{{more}} } ]""";

    private void Write(int vmId)
    {
        var archive = Archives.Found(vmId);
        var path = Path.Combine(_dump, archive.Name.FileName);
        File.WriteAllBytes(path, new byte[7]);
        File.SetLastWriteTimeUtc(path, archive.ModifiedAt.UtcDateTime);
    }
}
