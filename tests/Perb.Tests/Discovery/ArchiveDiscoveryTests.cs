using Perb.Tests.Store;

namespace Perb.Tests.Discovery;

/// <summary>A reconcile against scripted answers, real directories and a real store.</summary>
public sealed class ArchiveDiscoveryTests : IAsyncLifetime
{
    private const string AllPrivileges = DiscoveryUnderTest.AllPrivileges;
    private const string NoGuests = """{ "/nodes": { "Sys.Audit": 1 }, "/storage": { "Datastore.Audit": 1 }, "/pool": { "Pool.Audit": 1 } }""";

    private const string Running = """[ { "upid": "UPID:pve1:00001234:00005678:691EFF00:vzdump::root@pam:", "node": "pve1", "type": "vzdump", "id": "", "user": "root@pam", "starttime": 1795168800 } ]""";

    private DiscoveryUnderTest _node = null!;

    public async ValueTask InitializeAsync() => _node = await DiscoveryUnderTest.SetUpAsync();

    public ValueTask DisposeAsync() => _node.DisposeAsync();

    [Fact]
    public async Task What_lies_in_a_storage_is_discovered_once()
    {
        _node.Write(100);

        await _node.ReconcileAsync();
        await _node.ReconcileAsync();

        Assert.Equal(100, Assert.Single(await _node.Store.Status.ListAsync(null, null, TestStore.Stop)).Guest);
        Assert.Equal([(100, (bool?)true)], (await _node.Store.Status.GuestsAsync(TestStore.Stop)).Select(guest => (guest.Guest, guest.Exists)));
        Assert.Empty(await _node.Store.Status.TroublesAsync(TestStore.Stop));
    }

    [Fact]
    public async Task A_storage_for_which_an_archive_waits_is_looked_for_at_each_poll()
    {
        _node.Write(100);
        var active = _node.Answers["/nodes/pve1/storage"];
        await _node.UseAsync(async discovery =>
        {
            await discovery.ReconcileAsync(TestStore.Stop);
            _node.Answers["/nodes/pve1/storage"] = active.Replace("\"active\": 1", "\"active\": 0", StringComparison.Ordinal);
            await discovery.ReconcileAsync(TestStore.Stop);
            Assert.Equal("storage local", Assert.Single(await _node.Store.Status.TroublesAsync(TestStore.Stop)).Subject);
            _node.Answers["/nodes/pve1/storage"] = active;

            await discovery.PollAsync(TestStore.Stop);
        });

        Assert.Empty(await _node.Store.Status.TroublesAsync(TestStore.Stop));
    }

    [Fact]
    public async Task A_token_that_is_not_shown_guests_makes_none_of_them_gone()
    {
        _node.Write(100);
        _node.Write(102);
        await _node.ReconcileAsync();
        _node.Answers["/access/permissions"] = NoGuests;
        _node.Answers["/cluster/resources"] = "[]";

        await _node.ReconcileAsync();

        Assert.Equal(
            [(100, (bool?)true), (102, null)], (await _node.Store.Status.GuestsAsync(TestStore.Stop)).Select(guest => (guest.Guest, guest.Exists)));
    }

    [Theory]
    [InlineData(AllPrivileges, "[]", true)]
    [InlineData(AllPrivileges, """[ { "vmid": 100, "type": "qemu" } ]""", false)]
    [InlineData(AllPrivileges, "7", null)] // an answer that is none
    [InlineData("""{ "/": { "Datastore.Audit": 1, "VM.Audit": 1, "Pool.Audit": 1 }, "/nodes": { "Sys.Audit": 1 } }""", "[]", null)]
    public async Task Whether_a_vzdump_job_covers_a_guest_is_known_only_where_the_token_is_shown_it(string privileges, string answer, bool? covered)
    {
        _node.Answers["/access/permissions"] = privileges;
        _node.Answers["/cluster/backup-info/not-backed-up"] = answer;

        await _node.ReconcileAsync();

        Assert.Equal(covered, Assert.Single(await _node.Store.Status.GuestsAsync(TestStore.Stop)).IsCovered);
    }

    [Fact]
    public async Task A_token_that_is_not_shown_pools_takes_no_guest_out_of_its_pool()
    {
        _node.Answers["/cluster/resources"] = """[ { "type": "qemu", "vmid": 100, "node": "pve1", "name": "web", "pool": "lab", "tags": "a;b" } ]""";
        await _node.ReconcileAsync();
        _node.Answers["/access/permissions"] = """{ "/": { "Sys.Audit": 1, "Datastore.Audit": 1, "VM.Audit": 1 } }""";
        _node.Answers["/cluster/resources"] = """[ { "type": "qemu", "vmid": 100, "node": "pve1", "name": "web", "tags": "b" } ]""";

        await _node.ReconcileAsync();

        var guest = Assert.Single(await _node.Store.Status.GuestsAsync(TestStore.Stop));
        Assert.Equal(("lab", "b"), (guest.Pool, Assert.Single(guest.Tags)));
    }

    [Fact]
    public async Task A_storage_that_each_node_would_ship_is_trouble_until_one_is_named()
    {
        _node.Write(100);
        _node.SetStorage(""", "shared": 1""");
        _node.Answers["/nodes"] = """[ { "node": "pve1", "status": "online" }, { "node": "pve2", "status": "offline" } ]""";

        await _node.ReconcileAsync();

        Assert.Empty(await _node.Store.Status.ListAsync(null, null, TestStore.Stop));
        var trouble = Assert.Single(await _node.Store.Status.TroublesAsync(TestStore.Stop));
        Assert.Equal("storage local", trouble.Subject);
        Assert.Contains("each of the 2 nodes would ship it", trouble.Text, StringComparison.Ordinal);

        await _node.ReconcileAsync("\"Discovery\": { \"Storages\": [ \"local\" ] }");

        Assert.Single(await _node.Store.Status.ListAsync(null, null, TestStore.Stop));
        Assert.Empty(await _node.Store.Status.TroublesAsync(TestStore.Stop));
    }

    [Theory]
    [InlineData(AllPrivileges, "backup", true)]
    [InlineData(AllPrivileges, "iso", false)]
    [InlineData("""{ "/nodes": { "Sys.Audit": 1 }, "/storage/local": { "Datastore.Audit": 1 } }""", "backup", false)]
    public async Task A_conflict_is_over_only_where_every_storage_was_looked_into(string privileges, string content, bool expected)
    {
        await _node.Store.PublishAsync(Archives.Found(100));
        await _node.Store.ExecuteAsync("UPDATE backup SET failure = 'differs'");
        _node.Answers["/access/permissions"] = privileges;
        _node.SetStorage("", content);

        await _node.ReconcileAsync();

        Assert.Equal(expected ? null : "differs", Assert.Single(await _node.Store.Status.ListAsync(null, null, TestStore.Stop)).Failure);
    }

    [Fact]
    public async Task A_storage_that_lists_nothing_suddenly_is_not_believed()
    {
        _node.Write(100);
        await _node.ReconcileAsync();
        Directory.Delete(_node.Dump, recursive: true);
        Directory.CreateDirectory(_node.Dump);

        await _node.ReconcileAsync();

        Assert.Contains("is it mounted?", Assert.Single(await _node.Store.Status.TroublesAsync(TestStore.Stop)).Text, StringComparison.Ordinal);
        Assert.Equal("discovered", Scheduler.Backups.BackupStates.Word(Assert.Single(await _node.Store.Status.ListAsync(null, null, TestStore.Stop)).State));
    }

    [Fact]
    public async Task An_archive_whose_log_end_was_heard_is_settled_while_its_task_runs_on()
    {
        _node.Answers["/nodes/pve1/tasks"] = Running;
        var (done, other) = (_node.Write(100, Archives.Now), _node.Write(101, Archives.Now));
        _node.Vzdump.Event("log-end", "storeid=local", $"target={done}");
        _node.Vzdump.Event("log-end", "storeid=elsewhere", $"target={other}");
        _node.Vzdump.Event("log-end", "storeid=local", $"target={_node.Dump}/vzdump-qemu-102-2026_11_20-02_00_00.vma.zst");

        await _node.ReconcileAsync();

        var known = (await _node.Store.Discovery.LoadKnownAsync(TestStore.Stop)).Values.ToDictionary(backup => backup.Path, backup => backup.IsSettled);
        Assert.Equal(new Dictionary<string, bool> { [done] = true, [other] = false }, known);
    }

    [Fact]
    public async Task An_event_leads_to_a_look_and_none_to_none()
    {
        await _node.UseAsync(async discovery =>
        {
            await discovery.HearAsync(TestStore.Stop); // the reconcile at start has its own clock
            Assert.Empty(_node.Asked);
            await discovery.ReconcileAsync(TestStore.Stop);
            _node.Asked.Clear();
            await discovery.HearAsync(TestStore.Stop);
            Assert.Empty(_node.Asked);
            var path = _node.Write(100);
            _node.Vzdump.Event("log-end", "storeid=local", $"target={path}");

            await discovery.HearAsync(TestStore.Stop);

            Assert.Contains("/storage", _node.Asked);
            Assert.Single(await _node.Store.Status.ListAsync(null, null, TestStore.Stop));
            _node.Asked.Clear();
            await discovery.HearAsync(TestStore.Stop);
            Assert.Empty(_node.Asked);
        });
    }

    [Fact]
    public async Task An_event_that_the_node_did_not_answer_is_answered_at_the_next_poll()
    {
        await _node.UseAsync(async discovery =>
        {
            await discovery.ReconcileAsync(TestStore.Stop);
            var answer = _node.Answers["/storage"];
            _node.Answers.Remove("/storage");
            var path = _node.Write(100);
            _node.Vzdump.Event("log-end", "storeid=local", $"target={path}");
            await Assert.ThrowsAnyAsync<Exception>(() => discovery.HearAsync(TestStore.Stop));
            _node.Answers["/storage"] = answer;

            await discovery.PollAsync(TestStore.Stop);

            Assert.Single(await _node.Store.Status.ListAsync(null, null, TestStore.Stop));
        });
    }

    [Fact]
    public async Task The_history_says_which_source_found_a_backup_first()
    {
        var times = new[] { (100, "the hook: log-end"), (101, "vzdump task UPID:pve1:00001234:00005678:"), (102, "listing: reconcile") };
        var path = _node.Write(100);
        _node.Write(101, daysOld: 1);
        _node.Write(102, daysOld: 2);
        _node.Vzdump.Event("log-end", "storeid=local", $"target={path}");
        var started = Archives.Found(101, 1).Time.AddMinutes(-1).ToUnixTimeSeconds();
        _node.Answers["/nodes/pve1/tasks"] = $$"""
            [ { "upid": "UPID:pve1:00001234:00005678:{{started:X8}}:vzdump::root@pam:", "node": "pve1", "type": "vzdump", "id": "", "user": "root@pam",
                "starttime": {{started}}, "endtime": {{started + 3600}}, "status": "OK" } ]
            """;

        await _node.ReconcileAsync();

        foreach (var (guest, how) in times)
        {
            var backup = Assert.Single(await _node.Store.Status.ListAsync(null, guest, TestStore.Stop));
            Assert.Contains($"found by {how}", Assert.Single(await _node.Store.EventTextsAsync(backup.Id)), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task What_was_removed_while_it_is_held_waits_on_and_is_settled()
    {
        _node.Answers["/nodes/pve1/tasks"] = Running;
        _node.Write(101);
        var path = _node.Write(100, Archives.Now);
        await _node.ReconcileAsync();
        Assert.Contains((path, false), await SettledAsync());
        File.Delete(path);

        await _node.ReconcileAsync();

        Assert.Contains((path, true), await SettledAsync());
        Assert.All(
            await _node.Store.Status.ListAsync(null, null, TestStore.Stop), backup => Assert.Equal(Scheduler.Backups.BackupState.Discovered, backup.State));
    }

    [Fact]
    public async Task What_was_removed_and_is_not_held_is_missing()
    {
        _node.Write(101);
        var path = _node.Write(100);
        await _node.ReconcileAsync();
        File.Delete(path);
        _node.Held.Release(_node.Held.Files);

        await _node.ReconcileAsync();

        Assert.Equal(
            Scheduler.Backups.BackupState.SourceMissing, Assert.Single(await _node.Store.Status.ListAsync(null, 100, TestStore.Stop)).State);
    }

    private async Task<IEnumerable<(string Path, bool IsSettled)>> SettledAsync() =>
        (await _node.Store.Discovery.LoadKnownAsync(TestStore.Stop)).Values.Select(backup => (backup.Path, backup.IsSettled));
}
