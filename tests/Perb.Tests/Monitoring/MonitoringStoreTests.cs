using Perb.Scheduler.Backups;
using Perb.Scheduler.Monitoring;
using Perb.Scheduler.Store;
using Perb.Tests.Discovery;
using Perb.Tests.Store;

namespace Perb.Tests.Monitoring;

public sealed class MonitoringStoreTests : IAsyncLifetime
{
    private TestStore _store = null!;

    private MonitoringStore Monitoring => new(_store.Database);

    public async ValueTask InitializeAsync() => _store = await TestStore.OpenAsync();

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    [Fact]
    public async Task What_waits_is_counted_for_each_remote()
    {
        await _store.AddAsync(Archives.Found(vmId: 100));
        await _store.AddAsync(Archives.Found(vmId: 101));
        await _store.PublishAsync(Archives.Found(vmId: 102), "s");

        var queue = Assert.Single(await Monitoring.QueuesAsync(TestStore.Stop));

        Assert.Equal(("r", 2L, 2 * Archives.Found().SizeBytes, Archives.Now), (queue.Remote, queue.Backups, queue.ArchiveBytes, queue.OldestDiscoveredAt));
    }

    [Fact]
    public async Task What_is_shipped_again_has_not_waited_since_it_was_first_found()
    {
        await _store.PublishAsync(Archives.Found());
        await _store.ExecuteAsync("UPDATE backup SET state = 'damaged'");
        Assert.Null(Assert.Single(await Monitoring.QueuesAsync(TestStore.Stop)).OldestDiscoveredAt);

        _store.Time.Advance(TimeSpan.FromHours(1));
        await _store.AddAsync(Archives.Found(vmId: 101));
        Assert.Equal(_store.Time.GetUtcNow(), Assert.Single(await Monitoring.QueuesAsync(TestStore.Stop)).OldestDiscoveredAt);
    }

    [Fact]
    public async Task Copies_on_a_remote_are_added_up_without_what_was_pruned()
    {
        foreach (var (vmid, bytes) in ((int, int)[])[(100, 1000), (101, 20), (102, 3)])
        {
            await _store.PublishAsync(Archives.Found(vmId: vmid));
            await _store.ExecuteAsync($"INSERT INTO volume (backup_id, number, name, size_bytes, sha256, sealed_at) SELECT id, 1, 'n', {bytes}, '', '' FROM backup WHERE guest = {vmid}");
        }

        await _store.ExecuteAsync("UPDATE backup SET published_at = '2026-10-01T00:00:00.0000000Z' WHERE guest = 100");
        await _store.ExecuteAsync("UPDATE backup SET state = 'pruned' WHERE guest = 102");

        Assert.Equal(
            [new RemoteStock("r", 2, 1020, 20, Archives.Now)], await Monitoring.StocksAsync(Archives.Now.AddDays(-30), TestStore.Stop));
        Assert.Equal(
            [new StateCount("r", BackupState.Pruned, 1), new StateCount("r", BackupState.Published, 2)],
            (await Monitoring.StatesAsync(TestStore.Stop)).OrderBy(count => count.Backups));
    }

    [Fact]
    public async Task Days_know_what_was_published_and_what_was_not_but_not_what_is_skipped()
    {
        await _store.PublishAsync(Archives.Found(vmId: 100));
        await _store.AddAsync(Archives.Found(vmId: 101));
        await _store.AddAsync(Archives.Found(vmId: 102));
        await _store.ExecuteAsync("UPDATE backup SET state = 'skipped' WHERE guest = 102");
        var at = Archives.Found().Time;

        Assert.Equal(
            [new DayBackup(100, "r", BackupState.Published, at, Archives.Now), new DayBackup(101, "r", BackupState.Discovered, at, null)],
            (await Monitoring.DaysAsync(at, TestStore.Stop)).OrderBy(backup => backup.Guest));
        Assert.Empty(await Monitoring.DaysAsync(at.AddSeconds(1), TestStore.Stop));
    }

    [Fact]
    public async Task What_is_on_the_remotes_is_counted_anew_only_after_something_happened()
    {
        using var stocks = new RemoteStocks(Monitoring, _store.Time);
        await _store.PublishAsync(Archives.Found(vmId: 100));
        var first = await stocks.ReadAsync(TestStore.Stop);
        await _store.ExecuteAsync("UPDATE backup SET state = 'pruned'"); // without a line of history, as nothing does
        _store.Time.Advance(TimeSpan.FromMinutes(1));

        Assert.Same(first, await stocks.ReadAsync(TestStore.Stop));

        await _store.AddAsync(Archives.Found(vmId: 101));
        Assert.Equal(0, Assert.Single((await stocks.ReadAsync(TestStore.Stop)).Remotes).Copies);
    }

    [Theory]
    [InlineData(null, Health.Poll)]
    [InlineData(6, Health.Fine)] // minutes ago; polls come every 30 seconds
    [InlineData(7, Health.Poll)]
    [InlineData(-7, Health.Poll)] // by a clock that was set back since
    public async Task The_service_is_well_while_polls_succeed(int? minutes, string word)
    {
        if (minutes is { } ago)
        {
            await _store.Status.NoteTimeAsync("last poll", Archives.Now.AddMinutes(-ago), TestStore.Stop);
        }

        Assert.Equal(word, await new Health(_store.Status, Configuration.Some.Options(), _store.Time).ReadAsync(TestStore.Stop));
    }

    [Fact]
    public async Task However_many_ask_at_once_it_is_made_once()
    {
        var made = 0;
        var go = new TaskCompletionSource();
        using var latest = new LatestOf<object>(
            async _ =>
            {
                made++;
                await go.Task;
                return made;
            },
            TimeSpan.FromSeconds(1),
            _store.Time);
        var asked = Enumerable.Range(0, 20).Select(_ => latest.GetAsync(TestStore.Stop)).ToList();
        go.SetResult();

        Assert.Equal([1], (await Task.WhenAll(asked)).Distinct());
        _store.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(2, await latest.GetAsync(TestStore.Stop));
    }
}
