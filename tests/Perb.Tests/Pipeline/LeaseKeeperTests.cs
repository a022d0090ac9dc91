using Microsoft.Data.Sqlite;
using Perb.Scheduler.Pipeline;
using Perb.Scheduler.Store;
using Perb.Tests.Discovery;
using Perb.Tests.Store;

namespace Perb.Tests.Pipeline;

public sealed class LeaseKeeperTests : IAsyncLifetime
{
    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(2);

    private TestStore _store = null!;
    private Activities _activities = null!;

    public async ValueTask InitializeAsync()
    {
        _store = await TestStore.OpenAsync();
        _activities = new Activities(_store.Time);
        await _store.AddAsync(Archives.Found());
    }

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    [Fact]
    public async Task The_result_of_the_work_is_handed_on_and_its_activity_ends()
    {
        var claim = await _store.ClaimAsync();
        _activities.Begin(claim.Backup, "seal", 1, 1, 10);

        Assert.Equal(7, await Keeper().RunAsync(claim, _ => Task.FromResult(7), TestStore.Stop));
        Assert.Empty(_activities.Current);
    }

    [Fact]
    public async Task While_work_runs_its_claim_is_renewed_and_its_activity_shown()
    {
        var claim = await _store.ClaimAsync();
        _activities.Begin(claim.Backup, "upload", 1, 1, 10).Report(5);
        var finish = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        var running = Keeper().RunAsync(claim, _ => finish.Task, TestStore.Stop);

        _store.Time.Advance(Beat);
        while ((await _store.Status.QueueAsync(TestStore.Stop)).Single().Activity is null)
        {
            await Task.Yield();
        }

        _store.Time.Advance(Claim.Lease - TimeSpan.FromSeconds(1)); // longer than the first lease
        Assert.Null(await _store.Claims.ClaimNextAsync("r", null, TestStore.Stop));
        finish.SetResult(1);
        Assert.Equal(1, await running);
    }

    [Fact]
    public async Task When_the_claim_is_lost_the_work_stops_and_says_why()
    {
        var claim = await _store.ClaimAsync();
        var running = Keeper().RunAsync(claim, ForeverAsync, TestStore.Stop);
        await _store.ExecuteAsync("UPDATE backup SET lease_token = 'somebody else'");

        _store.Time.Advance(Beat);

        await Assert.ThrowsAsync<LeaseLostException>(() => running);
        Assert.Empty(_activities.Current);
    }

    [Fact]
    public async Task What_a_person_skips_meanwhile_stops_and_says_so()
    {
        var claim = await _store.ClaimAsync();
        var running = Keeper().RunAsync(claim, ForeverAsync, TestStore.Stop);
        await new ByHandStore(_store.Database, _store.Time).SkipAsync([claim.Backup.Id], TestStore.Stop);

        _store.Time.Advance(Beat);

        var lost = await Assert.ThrowsAsync<LeaseLostException>(() => running);
        Assert.True(lost.WasSkipped);
        Assert.Equal($"{claim.Backup.RemoteName} stopped: it was skipped", lost.Message);
    }

    [Fact]
    public async Task A_store_that_is_busy_for_a_moment_does_not_throw_away_an_upload()
    {
        var claim = await _store.ClaimAsync();
        var finish = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        await _store.ExecuteAsync("ALTER TABLE backup RENAME TO away"); // every renewal fails, at once
        var running = Keeper().RunAsync(claim, token => finish.Task.WaitAsync(token), TestStore.Stop);
        _store.Time.Advance((Claim.Lease / 2) - TimeSpan.FromSeconds(1));
        await _store.ExecuteAsync("ALTER TABLE away RENAME TO backup");

        _store.Time.Advance(Beat);
        finish.SetResult(7);

        Assert.Equal(7, await running);
        await _store.Claims.RenewAsync(claim, null, TestStore.Stop);
    }

    [Fact]
    public async Task When_half_the_lease_went_without_a_renewal_the_work_stops_and_says_why()
    {
        var claim = await _store.ClaimAsync();
        await _store.ExecuteAsync("ALTER TABLE backup RENAME TO away");
        var running = Keeper().RunAsync(claim, ForeverAsync, TestStore.Stop);

        _store.Time.Advance(Claim.Lease / 2);

        await Assert.ThrowsAsync<SqliteException>(() => running);
    }

    [Fact]
    public async Task Stopping_is_not_mistaken_for_a_lost_claim()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestStore.Stop);
        var running = Keeper().RunAsync(await _store.ClaimAsync(), ForeverAsync, stop.Token);

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [Fact]
    public async Task A_failure_of_the_work_is_its_own() =>
        await Assert.ThrowsAsync<IOException>(async () => await Keeper().RunAsync<int>(
            await _store.ClaimAsync(), _ => throw new IOException("disk full"), TestStore.Stop));

    private LeaseKeeper Keeper() => new(_store.Claims, _activities, _store.Time);

    private async Task<int> ForeverAsync(CancellationToken cancellationToken)
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, _store.Time, cancellationToken);
        return 0;
    }
}
