using Perb.Scheduler.Discovery;
using Perb.Scheduler.Pipeline;
using Perb.TestKit.Http;
using Perb.Tests.Configuration;
using Perb.Tests.ProxmoxClient;
using Perb.Tests.Store;

namespace Perb.Tests.Discovery;

/// <summary>Whose archive a path is and whether it may be sealed now: scripted answers, real directories, a real store.</summary>
public sealed class ArchivesByHandTests : IAsyncLifetime
{
    private const string Running = """[ { "upid": "UPID:pve1:00001234:00005678:691EFF00:vzdump:100:root@pam:", "node": "pve1", "type": "vzdump", "id": "100", "user": "root@pam", "starttime": 1795168800 } ]""";

    private static readonly DateTimeOffset Old = Archives.Now.AddDays(-1);
    private static readonly DateTimeOffset Fresh = Archives.Now.AddMinutes(-1);

    private readonly Dictionary<string, string> _answers = [];
    private Func<string, string?> _faultOf = ArchivePath.FaultOf;
    private readonly HeldArchives _held = Parts.Hold();
    private TestStore _store = null!;

    public async ValueTask InitializeAsync()
    {
        _store = await TestStore.OpenAsync();
        _answers["/access/permissions"] = """{ "/": { "Sys.Audit": 1, "Datastore.Audit": 1, "VM.Audit": 1, "Pool.Audit": 1 } }""";
        _answers["/cluster/resources"] = """[ { "type": "qemu", "vmid": 103, "node": "pve1", "name": "web" } ]""";
        _answers["/nodes"] = """[ { "node": "pve1", "status": "online" } ]""";
        _answers["/nodes/pve1/tasks"] = "[]";
        _answers["/nodes/pve1/storage"] = """[ { "storage": "a", "type": "dir", "active": 1 }, { "storage": "b", "type": "dir", "active": 1 }, { "storage": "away", "type": "dir", "active": 0 } ]""";
        _answers["/storage"] = $$"""
            [ { "storage": "a", "type": "dir", "path": "{{_store.Folder}}/a", "content": "backup" }, { "storage": "b", "type": "dir", "path": "{{_store.Folder}}/b/", "content": "backup" },
              { "storage": "away", "type": "dir", "path": "{{_store.Folder}}/away", "content": "backup" } ]
            """;
    }

    public async ValueTask DisposeAsync()
    {
        _held.Dispose();
        await _store.DisposeAsync();
    }

    [Theory]
    [InlineData("a/dump", "a")]
    [InlineData("b/dump", "b")]
    [InlineData("a/dump/deeper", null)]
    [InlineData("usb", null)]
    public async Task An_archive_is_of_the_storage_in_whose_dump_directory_it_lies(string folder, string? storage)
    {
        var path = Write(folder, 100, Old);

        var archive = Assert.Single((await FindAsync([path])).Archives);

        Assert.Equal((storage, path, 7L, true), (archive.Storage, archive.Path, archive.SizeBytes, archive.IsSettled));
    }

    [Fact]
    public async Task A_directory_of_another_name_is_the_same_if_the_kernel_says_so()
    {
        var path = Write("a/dump", 100, Old);
        File.CreateSymbolicLink(Path.Combine(_store.Folder, "link"), Path.Combine(_store.Folder, "a", "dump"));

        var archive = Assert.Single((await FindAsync([Path.Combine(_store.Folder, "link", Path.GetFileName(path))])).Archives);

        Assert.Equal(("a", path), (archive.Storage, archive.Path));
    }

    [Fact]
    public async Task While_a_task_runs_a_fresh_archive_is_not_settled_and_one_from_elsewhere_is_taken_as_it_is()
    {
        _answers["/nodes/pve1/tasks"] = Running;

        var found = await FindAsync([Write("a/dump", 100, Fresh), Write("a/dump", 101, Old), Write("usb", 102, Fresh)]);

        Assert.Equal([false, true, true], found.Archives.Select(archive => archive.IsSettled));
    }

    [Fact]
    public async Task What_no_listing_will_settle_is_not_taken_before_it_is()
    {
        _answers["/nodes/pve1/tasks"] = Running;
        var path = Write("b/dump", 100, Fresh);

        var found = await FindAsync([path], "\"Discovery\": { \"Storages\": [ \"a\" ] }");

        Assert.Empty(found.Archives);
        Assert.Empty(found.Faults);
        Assert.StartsWith($"{path}: vzdump may still write", Assert.Single(found.NotYet), StringComparison.Ordinal);
        _answers["/nodes/pve1/tasks"] = "[]";
        Assert.Equal("b", Assert.Single((await FindAsync([path], "\"Discovery\": { \"Storages\": [ \"a\" ] }")).Archives).Storage);
    }

    [Fact]
    public async Task The_newest_archive_of_a_guest_is_found_whatever_the_rules_say_and_the_future_comes_last()
    {
        Write("a/dump", 100, Old, daysOld: 40);
        var newest = Write("b/dump", 100, Old, daysOld: 30);
        Write("a/dump", 100, Old, daysOld: -300);
        Write("usb", 100, Old);

        var found = await FindAsync([], "\"Discovery\": { \"Exclude\": [ \"100\" ] }", 100, 103, 999);

        Assert.Equal(newest, Assert.Single(found.Archives).Path);
        Assert.Equal(2, found.Faults.Count);
        Assert.StartsWith("guest 103 has no archive in any dump directory of pve1; storage away: ", found.Faults[0], StringComparison.Ordinal);
        Assert.StartsWith("pve1 shows no guest 999", found.Faults[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_path_on_a_mount_that_hangs_is_to_be_tried_later()
    {
        using var answers = new ManualResetEventSlim();
        _faultOf = _ =>
        {
            answers.Wait(TestStore.Stop);
            return null;
        };

        var finding = FindAsync([Write("usb", 100, Old)]);
        while (!finding.IsCompleted)
        {
            _store.Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, TestStore.Stop);
        }

        answers.Set();
        var found = await finding;
        Assert.Contains("does not answer", Assert.Single(found.NotYet), StringComparison.Ordinal);
        Assert.Empty(found.Archives);
    }

    [Fact]
    public async Task The_newest_archive_of_a_guest_may_be_one_that_was_removed_and_is_held()
    {
        Write("a/dump", 100, Old, daysOld: 1);
        var newest = await HeldAsync(Write("b/dump", 100, Old));
        File.Delete(newest.Path);

        Assert.Equal(newest, Assert.Single((await FindAsync([], "\"Rpo\": \"1.06:00:00\"", 100)).Archives));
    }

    [Fact]
    public async Task The_archive_of_a_backup_is_there_while_it_has_its_name_or_is_held()
    {
        var archive = await HeldAsync(Write("a/dump", 100, Old));
        var backup = Archives.BackupOf(archive);
        Assert.True(await IsThereAsync());
        _held.Release([archive.File]);
        Assert.True(await IsThereAsync());
        await _held.HoldAsync([archive], TestStore.Stop);
        File.Delete(archive.Path);
        Assert.True(await IsThereAsync());
        await File.WriteAllTextAsync(archive.Path, "another one, of the same name", TestStore.Stop);
        Assert.True(await IsThereAsync());

        _held.Release([archive.File]);
        Assert.False(await IsThereAsync());

        Task<bool?> IsThereAsync() => UseAsync(archives => archives.IsThereAsync(backup, TestStore.Stop));
    }

    [Fact]
    public async Task Of_an_archive_that_cannot_be_looked_at_nobody_says_that_it_is_there_or_gone()
    {
        var unseen = Archives.BackupOf(Archives.Found() with { Path = "/" + new string('x', 5000) });

        Assert.Null(await UseAsync(archives => archives.IsThereAsync(unseen, TestStore.Stop)));
    }

    private async Task<FoundArchive> HeldAsync(string path)
    {
        var archive = Archives.Found(storage: path.Contains("/a/", StringComparison.Ordinal) ? "a" : "b", size: 7) with { Path = path, ModifiedAt = Old };
        await _held.HoldAsync([archive], TestStore.Stop);
        Assert.True(_held.Holds(archive.File));
        return archive;
    }

    private Task<NamedArchives> FindAsync(IReadOnlyList<string> paths, string change = "\"Rpo\": \"1.06:00:00\"", params int[] guests) =>
        UseAsync(archives => archives.FindAsync(paths, guests, TestStore.Stop), change);

    private async Task<T> UseAsync<T>(Func<ArchivesByHand, Task<T>> use, string change = "\"Rpo\": \"1.06:00:00\"")
    {
        await using var connection = new NodeConnection(request =>
            RawAnswer.Json($$"""{ "data": {{_answers[request.Target["/api2/json".Length..].Split('?')[0]]}} }"""));
        var options = Some.Options($"\"Proxmox\": {{ \"Node\": \"pve1\" }}, \"TimeZone\": \"Etc/UTC\", {change}");
        var tasks = new VzdumpTasks(connection.Api, "pve1");
        var storages = new StorageListing(connection.Api, new DumpListing(TimeZoneInfo.Utc), options, _store.Time);
        return await use(new ArchivesByHand(connection.Api, tasks, storages, _held, _store.Discovery, options, _store.Time) { FaultOf = _faultOf });
    }

    private string Write(string folder, int vmId, DateTimeOffset modifiedAt, int daysOld = 0)
    {
        foreach (var needed in (string[])["a/dump", "b/dump", folder])
        {
            Directory.CreateDirectory(Path.Combine(_store.Folder, needed));
        }

        var path = Path.Combine(_store.Folder, folder, Archives.Found(vmId, daysOld).Name.FileName);
        File.WriteAllBytes(path, new byte[7]);
        File.SetLastWriteTimeUtc(path, modifiedAt.UtcDateTime);
        return path;
    }
}
