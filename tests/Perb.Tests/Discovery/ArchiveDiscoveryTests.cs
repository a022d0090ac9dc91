using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using Perb.Scheduler.Discovery;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Pipeline;
using Perb.TestKit.Http;
using Perb.Tests.Configuration;
using Perb.Tests.ProxmoxClient;
using Perb.Tests.Store;
using Perb.Tests.Waiting;

namespace Perb.Tests.Discovery;

/// <summary>A reconcile against scripted answers, real directories and a real store.</summary>
public sealed class ArchiveDiscoveryTests : IAsyncLifetime
{
    private const string AllPrivileges = """{ "/": { "Sys.Audit": 1, "Datastore.Audit": 1, "VM.Audit": 1, "Pool.Audit": 1 } }""";
    private const string NoGuests = """{ "/nodes": { "Sys.Audit": 1 }, "/storage": { "Datastore.Audit": 1 }, "/pool": { "Pool.Audit": 1 } }""";

    private const string Running = """[ { "upid": "UPID:pve1:00001234:00005678:691EFF00:vzdump::root@pam:", "node": "pve1", "type": "vzdump", "id": "", "user": "root@pam", "starttime": 1795168800 } ]""";

    private readonly Dictionary<string, string> _answers = [];
    private readonly ConcurrentQueue<string> _asked = [];
    private TestStore _store = null!;
    private HeldArchives _held = null!;
    private WaitingTask _task = null!;
    private string _dump = "";

    public async ValueTask InitializeAsync()
    {
        _store = await TestStore.OpenAsync();
        _held = Parts.Hold();
        _task = new WaitingTask();
        _dump = Directory.CreateDirectory(Path.Combine(_store.Folder, "vz", "dump")).FullName;
        _answers["/access/permissions"] = AllPrivileges;
        _answers["/cluster/resources"] = """[ { "type": "qemu", "vmid": 100, "node": "pve1", "name": "web" }, { "type": "qemu", "vmid": 101, "node": "pve2" } ]""";
        _answers["/nodes"] = """[ { "node": "pve1", "status": "online" } ]""";
        _answers["/nodes/pve1/tasks"] = "[]";
        _answers["/nodes/pve1/storage"] = """[ { "storage": "local", "type": "dir", "active": 1 } ]""";
        SetStorage("");
    }

    public async ValueTask DisposeAsync()
    {
        _held.Dispose();
        _task.Dispose();
        await _store.DisposeAsync();
    }

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

    [Fact]
    public async Task An_archive_whose_log_end_was_heard_is_settled_while_its_task_runs_on()
    {
        _answers["/nodes/pve1/tasks"] = Running;
        var (done, other) = (Write(100, Archives.Now), Write(101, Archives.Now));
        _task.Event("log-end", "storeid=local", $"target={done}");
        _task.Event("log-end", "storeid=elsewhere", $"target={other}");
        _task.Event("log-end", "storeid=local", $"target={_dump}/vzdump-qemu-102-2026_11_20-02_00_00.vma.zst");

        await ReconcileAsync();

        var known = (await _store.Discovery.LoadKnownAsync(TestStore.Stop)).Values.ToDictionary(backup => backup.Path, backup => backup.IsSettled);
        Assert.Equal(new Dictionary<string, bool> { [done] = true, [other] = false }, known);
    }

    [Fact]
    public async Task An_event_leads_to_a_look_and_none_to_none()
    {
        await UseAsync(async discovery =>
        {
            await discovery.HearAsync(TestStore.Stop); // the reconcile at start has its own clock
            Assert.Empty(_asked);
            await discovery.ReconcileAsync(TestStore.Stop);
            _asked.Clear();
            await discovery.HearAsync(TestStore.Stop);
            Assert.Empty(_asked);
            var path = Write(100);
            _task.Event("log-end", "storeid=local", $"target={path}");

            await discovery.HearAsync(TestStore.Stop);

            Assert.Contains("/storage", _asked);
            Assert.Single(await _store.Status.ListAsync(null, null, TestStore.Stop));
            _asked.Clear();
            await discovery.HearAsync(TestStore.Stop);
            Assert.Empty(_asked);
        });
    }

    [Fact]
    public async Task An_event_that_the_node_did_not_answer_is_answered_at_the_next_poll()
    {
        await UseAsync(async discovery =>
        {
            await discovery.ReconcileAsync(TestStore.Stop);
            var answer = _answers["/storage"];
            _answers.Remove("/storage");
            var path = Write(100);
            _task.Event("log-end", "storeid=local", $"target={path}");
            await Assert.ThrowsAnyAsync<Exception>(() => discovery.HearAsync(TestStore.Stop));
            _answers["/storage"] = answer;

            await discovery.PollAsync(TestStore.Stop);

            Assert.Single(await _store.Status.ListAsync(null, null, TestStore.Stop));
        });
    }

    [Fact]
    public async Task The_history_says_which_source_found_a_backup_first()
    {
        var times = new[] { (100, "the hook: log-end"), (101, "vzdump task UPID:pve1:00001234:00005678:"), (102, "listing: reconcile") };
        var path = Write(100);
        Write(101, daysOld: 1);
        Write(102, daysOld: 2);
        _task.Event("log-end", "storeid=local", $"target={path}");
        var started = Archives.Found(101, 1).Time.AddMinutes(-1).ToUnixTimeSeconds();
        _answers["/nodes/pve1/tasks"] = $$"""
            [ { "upid": "UPID:pve1:00001234:00005678:{{started:X8}}:vzdump::root@pam:", "node": "pve1", "type": "vzdump", "id": "", "user": "root@pam",
                "starttime": {{started}}, "endtime": {{started + 3600}}, "status": "OK" } ]
            """;

        await ReconcileAsync();

        foreach (var (guest, how) in times)
        {
            var backup = Assert.Single(await _store.Status.ListAsync(null, guest, TestStore.Stop));
            Assert.Contains($"found by {how}", Assert.Single(await _store.EventTextsAsync(backup.Id)), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task What_was_removed_while_it_is_held_waits_on_and_is_settled()
    {
        _answers["/nodes/pve1/tasks"] = Running;
        Write(101);
        var path = Write(100, Archives.Now);
        await ReconcileAsync();
        Assert.Contains((path, false), await SettledAsync());
        File.Delete(path);

        await ReconcileAsync();

        Assert.Contains((path, true), await SettledAsync());
        Assert.All(
            await _store.Status.ListAsync(null, null, TestStore.Stop), backup => Assert.Equal(Scheduler.Backups.BackupState.Discovered, backup.State));
    }

    [Fact]
    public async Task What_was_removed_and_is_not_held_is_missing()
    {
        Write(101);
        var path = Write(100);
        await ReconcileAsync();
        File.Delete(path);
        _held.Release(_held.Files);

        await ReconcileAsync();

        Assert.Equal(
            Scheduler.Backups.BackupState.SourceMissing, Assert.Single(await _store.Status.ListAsync(null, 100, TestStore.Stop)).State);
    }

    private async Task<IEnumerable<(string Path, bool IsSettled)>> SettledAsync() =>
        (await _store.Discovery.LoadKnownAsync(TestStore.Stop)).Values.Select(backup => (backup.Path, backup.IsSettled));

    private Task ReconcileAsync(string change = "\"Rpo\": \"1.06:00:00\"") =>
        UseAsync(discovery => discovery.ReconcileAsync(TestStore.Stop), change);

    private async Task UseAsync(Func<ArchiveDiscovery, Task> use, string change = "\"Rpo\": \"1.06:00:00\"")
    {
        await using var connection = new NodeConnection(request =>
        {
            var path = request.Target["/api2/json".Length..].Split('?')[0];
            _asked.Enqueue(path);
            return RawAnswer.Json($$"""{ "data": {{_answers.GetValueOrDefault(path, "7")}} }""");
        });
        var options = Some.Options($"\"Proxmox\": {{ \"Node\": \"pve1\" }}, {change}");
        var storages = new StorageListing(connection.Api, new DumpListing(TimeZoneInfo.Utc), options, _store.Time);
        using var discovery = new ArchiveDiscovery(
            connection.Api,
            new VzdumpTasks(connection.Api, "pve1"),
            Parts.Hook(_store, _task.Spool()),
            storages,
            new DiscoveryDiff(new CatchUpPolicy(options.Discovery), ["r"]),
            _held,
            _store.Discovery,
            _store.Status,
            new Troubles(_store.Status, NullLogger<Troubles>.Instance),
            options,
            new WakeUp(),
            _store.Time,
            NullLogger<ArchiveDiscovery>.Instance);
        await use(discovery);
    }

    private void SetStorage(string more, string content = "backup") =>
        _answers["/storage"] = $$"""[ { "storage": "local", "type": "dir", "path": "{{Path.GetDirectoryName(_dump)}}", "content": "{{content}}"{{more}} } ]""";

    private string Write(int vmId, DateTimeOffset? modifiedAt = null, int daysOld = 0)
    {
        var archive = Archives.Found(vmId, daysOld);
        var path = Path.Combine(_dump, archive.Name.FileName);
        File.WriteAllBytes(path, new byte[7]);
        File.SetLastWriteTimeUtc(path, (modifiedAt ?? archive.ModifiedAt).UtcDateTime);
        return path;
    }
}
