using System.Text.Json;
using System.Text.Json.Nodes;
using Perb.Simulation.Storage;
using Perb.TestKit;

namespace Perb.Tests.Simulation;

public sealed class StorageTests
{
    private const string Archive = "vzdump-qemu-100-2026_11_20-02_00_01.vma.zst";

    [Fact]
    public async Task Names_are_listed_as_the_real_node_lists_them()
    {
        var names = JsonNode.Parse(await File.ReadAllTextAsync(Sample("archive-names.json"), TestContext.Current.CancellationToken))!["names"]!.AsArray();
        foreach (var zone in names.GroupBy(name => name!["tz"]!.ToString()))
        {
            await using var node = await NodeUnderTest.StartAsync(options => options with { TimeZone = TimeZoneInfo.FindSystemTimeZoneById(zone.Key) });
            var token = node.RootToken();
            foreach (var vector in zone)
            {
                await AssertListingAsync(node, token, vector!);
            }
        }
    }

    [Fact]
    public async Task Prune_rules_mark_as_the_real_node_marks()
    {
        var vectors = JsonNode.Parse(await File.ReadAllTextAsync(Sample("prune-vectors.json"), TestContext.Current.CancellationToken))!.AsArray();
        var checkedCount = 0;
        foreach (var zone in vectors.Where(vector => vector!["mode"]!.ToString() == "storage").GroupBy(vector => vector!["tz"]!.ToString()))
        {
            await using var node = await NodeUnderTest.StartAsync(options => options with { TimeZone = TimeZoneInfo.FindSystemTimeZoneById(zone.Key) });
            var token = node.RootToken();
            foreach (var vector in zone)
            {
                await AssertMarksAsync(node, token, vector!, $"s{checkedCount++}");
            }
        }

        Assert.True(checkedCount > 20);
    }

    [Fact]
    public async Task One_volume_has_its_size_rounded_up_and_the_format_raw_and_keeps_notes_and_protection()
    {
        await using var node = await NodeWithLocalAsync();
        var token = node.RootToken();
        Write(node, Archive, 123_456);
        var path = "nodes/pve1/storage/local/content/local:backup/" + Archive;

        using var change = new FormUrlEncodedContent([KeyValuePair.Create("notes", "erste\nzweite ✓"), KeyValuePair.Create("protected", "1")]);
        Assert.Equal(200, (await node.SendAsync(HttpMethod.Put, path, token, change)).Status);
        var info = (await node.GetAsync(path, token)).Data!;
        var listed = (await node.GetAsync("nodes/pve1/storage/local/content?content=backup", token)).Items[0]!;

        Assert.Equal((123_904, "raw", "erste\nzweite ✓", 1), ((int)info["size"]!, info["format"]!.ToString(), info["notes"]!.ToString(), (int)info["protected"]!));
        Assert.Equal((123_456, "vma.zst", "erste", 1), ((int)listed["size"]!, listed["format"]!.ToString(), listed["notes"]!.ToString(), (int)listed["protected"]!));
    }

    [Fact]
    public async Task Notes_for_a_missing_archive_are_accepted_and_leave_a_stray_file()
    {
        await using var node = await NodeWithLocalAsync();
        using var notes = new FormUrlEncodedContent([KeyValuePair.Create("notes", "x")]);

        var answer = await node.SendAsync(HttpMethod.Put, "nodes/pve1/storage/local/content/backup%2F" + Archive, node.RootToken(), notes);

        Assert.Equal((200, """{"data":null}"""), (answer.Status, answer.Body));
        Assert.True(File.Exists(Path.Combine(node.Node.Storages["local"].DumpDirectory, Archive + ".notes")));
    }

    [Fact]
    public async Task A_sixth_protected_archive_of_a_guest_needs_Datastore_Allocate()
    {
        await using var node = await NodeWithLocalAsync();
        var token = node.Token("a@pve!tk", ("/", ["Datastore.AllocateSpace", "VM.Backup"]));
        var statuses = new List<int>();
        for (var day = 1; day <= 6; day++)
        {
            var name = $"vzdump-qemu-100-2026_11_0{day}-02_00_01.vma.zst";
            Write(node, name, 10);
            using var flag = new FormUrlEncodedContent([KeyValuePair.Create("protected", "1")]);
            statuses.Add((await node.SendAsync(HttpMethod.Put, "nodes/pve1/storage/local/content/backup%2F" + name, token, flag)).Status);
        }

        Assert.Equal([200, 200, 200, 200, 200, 500], statuses);
    }

    [Theory]
    [InlineData("backup/nonsense.txt", "unable to parse directory volume name 'backup/nonsense.txt'")]
    [InlineData("backup/../../etc/passwd", "unable to parse directory volume name 'backup/../../etc/passwd'")]
    [InlineData("backup/" + Archive + ".gpg", "unable to parse directory volume name 'backup/" + Archive + ".gpg'")]
    [InlineData("backup/" + Archive, "volume_size_info on 'local:backup/" + Archive + "' failed - no format")]
    public async Task What_is_no_archive_here_is_a_500_with_the_text(string volume, string reason)
    {
        await using var node = await NodeWithLocalAsync();

        var answer = await node.GetAsync("nodes/pve1/storage/local/content/" + Uri.EscapeDataString(volume), node.RootToken());

        Assert.Equal((500, reason), (answer.Status, answer.Reason));
    }

    [Fact]
    public async Task Storages_that_are_off_away_or_elsewhere_are_told_apart()
    {
        await using var node = await NodeWithLocalAsync();
        var token = node.RootToken();
        node.Node.AddStorage(new StorageDefinition("gone") { Path = "/mnt/gone", IsMountpoint = true, Mounted = false });
        node.Node.AddStorage(new StorageDefinition("off") { Path = node.PathOf("off"), Disabled = true });
        node.Node.AddStorage(new StorageDefinition("elsewhere") { Path = node.PathOf("else"), Nodes = ["pve2"] });
        node.Node.AddStorage(new StorageDefinition("nas") { Type = "nfs", Path = node.PathOf("nas") });
        node.Node.Storages.Change("nas", storage => storage with { Mounted = false });

        var all = await node.GetAsync("nodes/pve1/storage", token);
        var filtered = await node.GetAsync("nodes/pve1/storage?content=backup", token);

        Assert.Equal(["local", "gone", "off", "elsewhere", "nas"], all.Texts("storage"));
        Assert.Equal(["local", "gone", "nas"], filtered.Texts("storage"));
        Assert.Equal(["1", "0", "0"], filtered.Texts("active"));
        Assert.Equal("unable to activate storage 'gone' - directory is expected to be a mount point but is not mounted: '/mnt/gone'", await ReasonAsync("gone"));
        Assert.Equal("storage 'off' is disabled", await ReasonAsync("off"));
        Assert.Equal("storage 'elsewhere' is not available on node 'pve1'", await ReasonAsync("elsewhere"));
        Assert.Equal("storage 'nas' is not online", await ReasonAsync("nas"));
        Assert.Equal("storage 'nosuch' does not exist", await ReasonAsync("nosuch"));

        async Task<string> ReasonAsync(string id) => (await node.GetAsync($"nodes/pve1/storage/{id}/content", token)).Reason;
    }

    [Fact]
    public async Task Archives_lie_where_content_dirs_says()
    {
        await using var node = await NodeUnderTest.StartAsync();
        node.Node.AddStorage(new StorageDefinition("local") { Path = node.PathOf("local"), ContentDirs = "backup=custom/dir" });
        Write(node, Archive, 10);

        Assert.EndsWith("/local/custom/dir", node.Node.Storages["local"].DumpDirectory, StringComparison.Ordinal);
        Assert.Single((await node.GetAsync("nodes/pve1/storage/local/content", node.RootToken())).Items);
    }

    private static async Task AssertListingAsync(NodeUnderTest node, string token, JsonNode vector)
    {
        var name = vector["name"]!.ToString();
        var storage = new StorageDefinition("store") { Path = System.IO.Directory.CreateTempSubdirectory("perb-names-").FullName };
        node.Node.AddStorage(storage);
        await File.WriteAllTextAsync(Path.Combine(storage.DumpDirectory, name), "archive", TestContext.Current.CancellationToken);

        var items = (await node.GetAsync("nodes/pve1/storage/store/content?content=backup", token)).Items;
        System.IO.Directory.Delete(storage.Path!, recursive: true);

        Assert.True(((bool)vector["listed"]! ? 1 : 0) == items.Count, name);
        if (items.Count == 0)
        {
            return;
        }

        var expected = vector["listing"]!.AsObject();
        foreach (var field in new[] { "volid", "content", "format", "size", "subtype", "vmid" })
        {
            Assert.True(expected[field]?.ToJsonString() == items[0]![field]?.ToJsonString(), $"{name}: {field} is {items[0]![field]}");
        }

        if (expected["ctime_from"]!.ToString() == "name")
        {
            Assert.True((long)expected["ctime"]! == (long)items[0]!["ctime"]!, name);
        }
    }

    private static async Task AssertMarksAsync(NodeUnderTest node, string token, JsonNode vector, string storageId)
    {
        var storage = new StorageDefinition(storageId) { Path = node.PathOf(storageId) };
        node.Node.AddStorage(storage);
        foreach (var backup in vector["backups"]!.AsArray())
        {
            var file = Path.Combine(storage.DumpDirectory, backup!["volid"]!.ToString().Split('/')[^1]);
            await File.WriteAllTextAsync(file, "archive", TestContext.Current.CancellationToken);
            if (backup["protected"] is { } flag && flag.ToJsonString() is "1" or "true")
            {
                await File.WriteAllTextAsync(file + ".protected", "", TestContext.Current.CancellationToken);
            }
        }

        var keep = string.Join(',', vector["keep"]!.AsObject().Select(pair => $"{pair.Key}={pair.Value}"));
        var answer = await node.GetAsync($"nodes/pve1/storage/{storageId}/prunebackups?prune-backups={Uri.EscapeDataString(keep)}", token);
        var marks = answer.Items.ToDictionary(item => "store:" + item!["volid"]!.ToString().Split(':')[1], item => item!["mark"]!.ToString());
        var expected = vector["expected"]!.Deserialize<Dictionary<string, string>>()!;
        Assert.True(
            expected.OrderBy(pair => pair.Key, StringComparer.Ordinal).SequenceEqual(marks.OrderBy(pair => pair.Key, StringComparer.Ordinal)),
            $"{vector["name"]}: {answer.Body}");
    }

    private static async Task<NodeUnderTest> NodeWithLocalAsync()
    {
        var node = await NodeUnderTest.StartAsync();
        node.Node.AddStorage(new StorageDefinition("local") { Path = node.PathOf("local") });
        return node;
    }

    private static void Write(NodeUnderTest node, string name, int size) =>
        File.WriteAllBytes(Path.Combine(node.Node.Storages["local"].DumpDirectory, name), new byte[size]);

    private static string Sample(string name) => Repository.PathOf("tests", "Perb.TestKit", "Samples", name);
}
