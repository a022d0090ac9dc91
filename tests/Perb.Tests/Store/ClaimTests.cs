using Microsoft.Extensions.Time.Testing;
using Perb.Scheduler.Backups;
using Perb.Scheduler.Discovery;
using Perb.Scheduler.Store;
using Perb.Tests.Discovery;
using Perb.Transfer.Hashing;
using Perb.Transfer.Sealing;

namespace Perb.Tests.Store;

public sealed class ClaimTests : IAsyncLifetime
{
    private TestStore _store = null!;

    public async ValueTask InitializeAsync() => _store = await TestStore.OpenAsync();

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    [Fact]
    public async Task The_guest_whose_newest_copy_is_oldest_comes_first_and_its_newest_archive()
    {
        await _store.PublishAsync(Archives.Found(100, daysOld: 3));
        await _store.PublishAsync(Archives.Found(101, daysOld: 5));
        await _store.AddAsync(Archives.Found(100, daysOld: 0));
        await _store.AddAsync(Archives.Found(101, daysOld: 2));
        await _store.AddAsync(Archives.Found(101, daysOld: 1));
        await _store.AddAsync(Archives.Found(102, daysOld: 6)); // has no copy at all

        Assert.Equal([(102, 6), (101, 1), (101, 2), (100, 0)], await ClaimAllAsync());
    }

    [Fact]
    public async Task A_copy_elsewhere_or_one_that_is_lost_does_not_count()
    {
        await _store.PublishAsync(Archives.Found(100, daysOld: 3), "s");
        await _store.PublishAsync(Archives.Found(101, daysOld: 4));
        await _store.ExecuteAsync("UPDATE backup SET state = 'lost' WHERE guest = 101");
        await _store.PublishAsync(Archives.Found(102, daysOld: 9));
        await _store.AddAsync(Archives.Found(100, daysOld: 1));
        await _store.AddAsync(Archives.Found(101, daysOld: 2));
        await _store.AddAsync(Archives.Found(102, daysOld: 0));

        Assert.Equal([(100, 1), (101, 2), (102, 0)], await ClaimAllAsync());
    }

    [Fact]
    public async Task An_unsettled_archive_is_not_claimed()
    {
        await _store.AddAsync(Archives.Found(settled: false));

        Assert.True(await _store.Discovery.NeedsListingAsync([], TestStore.Stop));
        Assert.Null(await _store.Claims.ClaimNextAsync("r", null, TestStore.Stop));
    }

    [Theory]
    [InlineData(BackupState.Discovered, true)]
    [InlineData(BackupState.Verified, true)]
    [InlineData(BackupState.Published, false)]
    [InlineData(BackupState.Skipped, false)]
    [InlineData(BackupState.SourceMissing, false)]
    [InlineData(BackupState.Failed, false)]
    [InlineData(BackupState.Pruned, false)]
    public async Task Only_what_still_has_to_be_carried_is_claimed(BackupState state, bool claimed)
    {
        await _store.AddAsync(Archives.Found());
        await _store.ExecuteAsync($"UPDATE backup SET state = '{state.Word()}'");

        Assert.Equal(claimed, await _store.Claims.ClaimNextAsync("r", null, TestStore.Stop) is not null);
    }

    [Fact]
    public async Task Racing_claimers_get_each_backup_once()
    {
        for (var vmId = 100; vmId < 110; vmId++)
        {
            await _store.AddAsync(Archives.Found(vmId));
        }

        var claims = await Task.WhenAll(Enumerable.Range(0, 12)
            .Select(_ => Task.Run(() => _store.Claims.ClaimNextAsync("r", null, TestStore.Stop), TestStore.Stop)));

        Assert.Equal(Enumerable.Range(100, 10), claims.OfType<Claim>().Select(claim => claim.Backup.Guest).Order());
    }

    [Fact]
    public async Task A_failed_attempt_waits_for_its_time()
    {
        await _store.AddAsync(Archives.Found());
        var due = _store.Time.GetUtcNow().AddMinutes(1);
        await _store.Pipeline.RecordFailureAsync(await _store.ClaimAsync(), Transient, due);

        Assert.Equal(due, await _store.Claims.NextAttemptAtAsync("r", [], TestStore.Stop));
        Assert.Null(await _store.Claims.NextAttemptAtAsync("s", [], TestStore.Stop));
        Assert.Null(await _store.Claims.ClaimNextAsync("r", null, TestStore.Stop));

        _store.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal((1, "away"), await _store.Claims.ClaimNextAsync("r", null, TestStore.Stop) is { Backup: var backup } ? (backup.Attempt, backup.Failure) : default);
    }

    [Fact]
    public async Task A_single_run_ignores_the_wait_but_takes_each_backup_once()
    {
        await _store.AddAsync(Archives.Found());
        await _store.Pipeline.RecordFailureAsync(await _store.ClaimAsync(), Transient, _store.Time.GetUtcNow().AddHours(1));
        _store.Time.Advance(TimeSpan.FromSeconds(1));
        var startedAt = _store.Time.GetUtcNow();

        var claim = await _store.Claims.ClaimNextAsync("r", startedAt, TestStore.Stop);
        Assert.NotNull(claim);
        await _store.Pipeline.RecordFailureAsync(claim, Transient, null);
        await _store.ExecuteAsync("UPDATE backup SET state = 'discovered'");

        Assert.Null(await _store.Claims.ClaimNextAsync("r", startedAt, TestStore.Stop));
    }

    [Fact]
    public async Task A_claim_ends_by_itself_unless_it_is_renewed()
    {
        await _store.AddAsync(Archives.Found());
        var first = await _store.ClaimAsync();
        _store.Time.Advance(Claim.Lease - TimeSpan.FromSeconds(1));
        await _store.Claims.RenewAsync(first, null, TestStore.Stop);
        _store.Time.Advance(Claim.Lease);
        Assert.Null(await _store.Claims.ClaimNextAsync("r", null, TestStore.Stop));

        _store.Time.Advance(TimeSpan.FromSeconds(1));
        var second = await _store.ClaimAsync();

        Assert.NotEqual(first.Token, second.Token);
        await Assert.ThrowsAsync<LeaseLostException>(() => _store.Claims.RenewAsync(first, null, TestStore.Stop));
    }

    [Fact]
    public async Task A_released_backup_can_be_claimed_at_once_and_counts_no_failure()
    {
        await _store.AddAsync(Archives.Found());
        await _store.Pipeline.ReleaseAsync(await _store.ClaimAsync(), "stopping");

        Assert.Equal(0, (await _store.ClaimAsync()).Backup.Attempt);
    }

    [Fact]
    public async Task Leases_of_an_earlier_life_are_void_and_its_rclones_stay_known()
    {
        await _store.AddAsync(Archives.Found());
        await _store.Claims.NoteUploaderAsync(await _store.ClaimAsync(), "a", "1234:5678");
        Assert.Equal([("r", "1234:5678")], await _store.Claims.UploadersAsync(TestStore.Stop));

        await _store.Claims.VoidLeasesAsync(TestStore.Stop);

        Assert.Equal([("r", "1234:5678")], await _store.Claims.UploadersAsync(TestStore.Stop)); // until the volume is sent again
        Assert.Equal("1234:5678", await _store.Claims.UploaderOfAsync(await _store.ClaimAsync(), "a", TestStore.Stop));
    }

    [Fact]
    public async Task What_has_a_volume_in_staging_comes_first()
    {
        await _store.AddAsync(Archives.Found(100, daysOld: 0)); // neither guest has a copy, and this archive is newer
        await _store.AddAsync(Archives.Found(101, daysOld: 3));
        await _store.ExecuteAsync(Volume(101, verifiedAt: "NULL"));

        Assert.Equal([(101, 3), (100, 0)], await ClaimAllAsync());
    }

    [Fact]
    public async Task A_volume_that_is_on_the_remote_already_gives_no_precedence()
    {
        await _store.AddAsync(Archives.Found(100, daysOld: 0));
        await _store.AddAsync(Archives.Found(101, daysOld: 3));
        await _store.ExecuteAsync(Volume(101, verifiedAt: "'2026-11-20T00:00:00.0000000Z'"));

        Assert.Equal([(100, 0), (101, 3)], await ClaimAllAsync());
    }

    [Theory]
    [InlineData("next_attempt_at")]
    [InlineData("lease_until")]
    [InlineData("attempted_at")]
    public async Task A_time_that_a_wrong_clock_left_far_ahead_blocks_nothing(string column)
    {
        await _store.AddAsync(Archives.Found());
        await _store.ExecuteAsync($"UPDATE backup SET lease_token = 'x', {column} = '2036-01-01T00:00:00.0000000Z'");

        Assert.NotNull(await _store.Claims.ClaimNextAsync(
            "r", column == "attempted_at" ? _store.Time.GetUtcNow().AddMinutes(-1) : null, TestStore.Stop));
    }

    [Fact]
    public async Task The_longest_back_off_is_waited_for()
    {
        await _store.AddAsync(Archives.Found());
        await _store.Pipeline.RecordFailureAsync(await _store.ClaimAsync(), Transient, _store.Time.GetUtcNow() + RetryPolicy.LongestWait);

        Assert.Null(await _store.Claims.ClaimNextAsync("r", null, TestStore.Stop));
    }

    [Fact]
    public async Task A_claimer_that_read_its_clock_a_moment_earlier_does_not_take_a_new_claim()
    {
        await _store.AddAsync(Archives.Found());
        await _store.ClaimAsync();
        var earlier = new ClaimStore(_store.Database, new FakeTimeProvider(_store.Time.GetUtcNow().AddMilliseconds(-5)));

        Assert.Null(await earlier.ClaimNextAsync("r", null, TestStore.Stop));
    }

    private static string Volume(int guest, string verifiedAt) => $"""
        INSERT INTO volume (backup_id, number, name, size_bytes, sha256, sealed_at, verified_at)
        SELECT id, 1, 'v.enc', 10, 'aa', discovered_at, {verifiedAt} FROM backup WHERE guest = {guest}
        """;

    private static readonly Failure Transient = new(FailureKind.Transient, "away");

    private async Task<List<(int Guest, int DaysOld)>> ClaimAllAsync()
    {
        var claimed = new List<(int, int)>();
        while (await _store.Claims.ClaimNextAsync("r", null, TestStore.Stop) is { } claim)
        {
            claimed.Add((claim.Backup.Guest, (int)(Archives.Now - claim.Backup.ArchiveTime).TotalDays));
        }

        return claimed;
    }
    [Fact]
    public async Task From_a_storage_that_is_away_only_what_is_sealed_whole_or_wanted_by_hand_is_claimed()
    {
        var (open, wanted, whole, here) = (
            Archives.Found(100, storage: "nas"), Archives.Found(101, storage: "nas"), Archives.Found(102, storage: "nas"), Archives.Found(103));
        await _store.AddAsync(whole);
        await SealAsync(await _store.ClaimAsync(), whole);
        await _store.AddAsync(open);
        await _store.ExecuteAsync($"UPDATE backup SET by_hand = 'ship' WHERE id = {await _store.AddAsync(wanted)}");
        await _store.AddAsync(here);

        var claimed = new List<int>();
        while (await _store.Claims.ClaimNextAsync("r", null, null, ["nas"], TestStore.Stop) is { } claim)
        {
            claimed.Add(claim.Backup.Guest);
        }

        Assert.Equal([101, 102, 103], claimed.Order());
        Assert.Equal(100, (await _store.ClaimAsync()).Backup.Guest);
    }

    [Fact]
    public async Task What_was_never_tried_waits_though_it_has_no_time()
    {
        await _store.AddAsync(Archives.Found(storage: "nas"));

        Assert.Null(await _store.Claims.NextAttemptAtAsync("r", [], TestStore.Stop));
        Assert.True(await _store.Claims.AnyWaitsAsync("r", [], TestStore.Stop));
        Assert.False(await _store.Claims.AnyWaitsAsync("r", ["nas"], TestStore.Stop));
        Assert.False(await _store.Claims.AnyWaitsAsync("s", [], TestStore.Stop));

        await _store.ClaimAsync();
        Assert.False(await _store.Claims.AnyWaitsAsync("r", [], TestStore.Stop));
    }

    [Fact]
    public async Task What_lies_in_a_storage_that_is_away_is_not_due()
    {
        await _store.AddAsync(Archives.Found(storage: "nas"));
        await _store.Pipeline.RecordFailureAsync(await _store.ClaimAsync(), new Failure(FailureKind.Transient, "x"), Archives.Now);

        Assert.Null(await _store.Claims.NextAttemptAtAsync("r", ["nas"], TestStore.Stop));
        Assert.Equal(Archives.Now, await _store.Claims.NextAttemptAtAsync("r", [], TestStore.Stop));
    }

    private async Task SealAsync(Claim claim, FoundArchive archive)
    {
        await _store.Pipeline.RecordPlanAsync(claim, TestStore.PlanFor(archive));
        await _store.Pipeline.RecordSealedAsync(claim, new SealedVolume(1, "v.enc", "/staging/v.enc", 10, new Digests("aa")));
        await _store.Pipeline.ReleaseAsync(claim, "test");
    }
}
