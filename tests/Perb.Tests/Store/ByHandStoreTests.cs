using Perb.Scheduler.Backups;
using Perb.Scheduler.Discovery;
using Perb.Scheduler.Store;
using Perb.Tests.Discovery;
using Perb.Transfer.Sealing;
using Perb.Transfer.Hashing;
using ExitCode = Perb.Scheduler.ExitCode;

namespace Perb.Tests.Store;

public sealed class ByHandStoreTests : IAsyncLifetime
{
    private static readonly FoundArchive Archive = Archives.Found();
    private static readonly FoundArchive OnUsb = Archive with { Storage = null, Path = $"/usb/{Archive.Name.FileName}" };

    private TestStore _store = null!;

    private ByHandStore ByHand => new(_store.Database, _store.Time);

    public async ValueTask InitializeAsync() => _store = await TestStore.OpenAsync();

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    [Fact]
    public async Task An_archive_outside_of_all_storages_becomes_a_backup_for_each_remote()
    {
        var outcome = await ShipAsync(OnUsb, "r", "s");

        Assert.Equal(2, outcome.Backups.Count);
        var watched = await ByHand.LookAsync(outcome.Backups, TestStore.Stop);
        Assert.Equal(["r", "s"], watched.Select(one => one.Backup.Remote));
        Assert.All(watched, one => Assert.Equal(
            (BackupState.Discovered, null, OnUsb.Path, Scheduler.Backups.ByHand.Ship, true),
            (one.Backup.State, one.Backup.Storage, one.Backup.Path, one.Backup.ByHand, one.IsSettled)));
        Assert.Equal(["discovered", "asked for"], await _store.EventsAsync(outcome.Backups[0]));
        Assert.NotNull(await _store.Claims.ClaimNextAsync("s", null, TestStore.Stop));
    }

    [Theory]
    [InlineData("skipped")]
    [InlineData("source-missing")]
    [InlineData("failed")]
    [InlineData("discovered")]
    public async Task What_became_of_it_before_is_forgotten(string state)
    {
        var id = await _store.AddAsync(Archive);
        await _store.ExecuteAsync(
            $"UPDATE backup SET state = '{state}', failure = 'x', attempt = 9, unexpected = 5, next_attempt_at = '2026-11-20T13:00:00.0000000Z'");

        Assert.Equal([id], (await ShipAsync(OnUsb)).Backups);

        var claim = await _store.ClaimAsync();
        Assert.Equal(
            (BackupState.Discovered, 0, 0, null, null, OnUsb.Path),
            (claim.Backup.State, claim.Backup.Attempt, claim.Backup.UnexpectedFailures, claim.Backup.NextAttemptAt, claim.Backup.Failure, claim.Backup.Path));
    }

    [Fact]
    public async Task Asking_twice_changes_nothing_more_than_the_history()
    {
        await ShipAsync(OnUsb);
        var once = await BackupsAsync();

        await ShipAsync(OnUsb);

        Assert.Equal(once, await BackupsAsync());
    }

    [Fact]
    public async Task A_copy_is_told_and_left_alone()
    {
        await _store.PublishAsync(Archive);
        var before = await _store.DumpAsync();

        var outcome = await ShipAsync(OnUsb);

        Assert.Equal(outcome.Backups, outcome.Already);
        Assert.Single(outcome.Already);
        Assert.Equal(before, await _store.DumpAsync());
    }

    [Fact]
    public async Task Another_archive_of_the_same_name_is_a_conflict_and_the_rest_is_shipped()
    {
        await _store.PublishAsync(Archive);
        var before = await BackupsAsync();

        var outcome = await ShipAsync(OnUsb with { SizeBytes = 2 }, "r", "s");

        Assert.Contains("name conflict on r", Assert.Single(outcome.Conflicts), StringComparison.Ordinal);
        Assert.Single(outcome.Backups);
        Assert.StartsWith(before, await BackupsAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, 0)]
    [InlineData(null, 0)] // nobody can tell
    [InlineData(false, 1)]
    public async Task The_archive_of_a_backup_is_replaced_only_where_it_is_not_there_any_more(bool? isThere, int shipped)
    {
        await _store.AddAsync(Archive);
        await _store.ExecuteAsync("UPDATE backup SET state = 'source-missing'");

        var outcome = await ByHand.ShipAsync([OnUsb with { SizeBytes = 2 }], ["r"], (_, _) => Task.FromResult(isThere), TestStore.Stop);

        Assert.Equal((shipped, 1 - shipped), (outcome.Backups.Count, outcome.Conflicts.Count));
    }

    [Fact]
    public async Task A_worker_keeps_what_it_has_and_it_is_remembered_that_a_person_wants_it()
    {
        await _store.AddAsync(Archive);
        var claim = await _store.ClaimAsync();

        var outcome = await ShipAsync(OnUsb);

        await _store.Claims.RenewAsync(claim, null, TestStore.Stop);
        var watched = Assert.Single(await ByHand.LookAsync(outcome.Backups, TestStore.Stop));
        Assert.Equal((true, Archive.Path, Scheduler.Backups.ByHand.Ship), (watched.IsClaimed, watched.Backup.Path, watched.Backup.ByHand));
    }

    [Fact]
    public async Task An_archive_that_is_settled_stays_so()
    {
        await _store.AddAsync(Archive);

        await ShipAsync(Archive with { IsSettled = false });
        Assert.NotNull(await _store.Claims.ClaimNextAsync("r", null, TestStore.Stop));
    }

    [Fact]
    public async Task What_a_person_wants_comes_before_what_the_rules_want()
    {
        await _store.AddAsync(Archives.Found(101));
        await ShipAsync(Archives.Found(100, daysOld: 30));

        Assert.Equal(100, (await _store.ClaimAsync()).Backup.Guest);
    }

    [Fact]
    public async Task Only_named_backups_are_claimed_where_only_those_are_to_be_shipped()
    {
        await _store.AddAsync(Archives.Found(100));
        var named = await _store.AddAsync(Archives.Found(101));

        var claim = await _store.Claims.ClaimNextAsync("r", null, [named], [], TestStore.Stop);
        Assert.Equal(named, claim?.Backup.Id);
        Assert.Null(await _store.Claims.ClaimNextAsync("r", null, [named], [], TestStore.Stop));
        Assert.Null(await _store.Claims.ClaimNextAsync("r", null, [], [], TestStore.Stop));
    }

    [Theory]
    [InlineData("discovered")]
    [InlineData("verified")]
    [InlineData("skipped")]
    [InlineData("source-missing")]
    [InlineData("failed")]
    public async Task A_skipped_backup_is_skipped_until_it_is_retried(string state)
    {
        var id = await _store.AddAsync(Archive);
        await _store.ExecuteAsync($"UPDATE backup SET state = '{state}', failure = 'x', attempt = 3");

        await ByHand.SkipAsync([id], TestStore.Stop);
        await ByHand.SkipAsync([id], TestStore.Stop);

        var backup = await BackupAsync(id);
        Assert.Equal((BackupState.Skipped, DiscoveryDiff.SkippedByPerson, 0), (backup.State, backup.Failure, backup.Attempt));
        Assert.Equal(["discovered", "skipped"], await _store.EventsAsync(id));

        await ByHand.RetryAsync([id], ["r"], TestStore.Stop);

        backup = await BackupAsync(id);
        Assert.Equal((BackupState.Discovered, Scheduler.Backups.ByHand.Ship, null), (backup.State, backup.ByHand, backup.Failure));
    }

    [Fact]
    public async Task A_worker_loses_what_a_person_skips()
    {
        var id = await _store.AddAsync(Archive);
        var claim = await _store.ClaimAsync();

        await ByHand.SkipAsync([id], TestStore.Stop);

        await Assert.ThrowsAsync<LeaseLostException>(() => _store.Pipeline.RecordPublishedAsync(claim, VerifyLevel.Hash, TestStore.Manifest));
        await Assert.ThrowsAsync<LeaseLostException>(() => _store.Pipeline.RecordFailureAsync(claim, new Failure(FailureKind.Transient, "x"), null));
        Assert.Null(await _store.Claims.ClaimNextAsync("r", null, TestStore.Stop));
    }

    [Fact]
    public async Task What_is_being_published_is_not_skipped_any_more()
    {
        var id = await _store.AddAsync(Archive);
        var claim = await _store.Pipeline.RecordAllVerifiedAsync(await _store.ClaimAsync(), VerifyLevel.Hash);

        var outcome = await ByHand.SkipAsync([id], TestStore.Stop);

        Assert.Contains("is being published", Assert.Single(outcome.Faults), StringComparison.Ordinal);
        await _store.Pipeline.RecordPublishedAsync(claim, VerifyLevel.Hash, TestStore.Manifest);
        Assert.Equal(BackupState.Published, (await BackupAsync(id)).State);
    }

    [Fact]
    public async Task What_is_skipped_before_its_volumes_are_verified_is_not_published()
    {
        var id = await _store.AddAsync(Archive);
        var claim = await _store.ClaimAsync();

        Assert.Empty((await ByHand.SkipAsync([id], TestStore.Stop)).Faults);

        await Assert.ThrowsAsync<LeaseLostException>(() => _store.Pipeline.RecordAllVerifiedAsync(claim, VerifyLevel.Hash));
    }

    [Fact]
    public async Task One_that_cannot_be_skipped_and_nothing_is()
    {
        await _store.PublishAsync(Archives.Found(100));
        var id = await _store.AddAsync(Archives.Found(101));
        var before = await _store.DumpAsync();

        var outcome = await ByHand.SkipAsync([id, 1, 99], TestStore.Stop);

        Assert.Equal((ExitCode.Usage, 2, 0), (outcome.Code, outcome.Faults.Count, outcome.Backups.Count));
        Assert.Equal(before, await _store.DumpAsync());
    }

    [Fact]
    public async Task All_means_what_failed_and_what_waits_and_not_what_was_skipped()
    {
        var ids = new Dictionary<string, long>();
        foreach (var (guest, name) in new[] { (100, "failed"), (101, "waits"), (102, "skipped"), (103, "due"), (104, "elsewhere") })
        {
            ids[name] = await _store.AddAsync(Archives.Found(guest));
        }

        await ByHand.SkipAsync([ids["skipped"]], TestStore.Stop);
        await _store.ExecuteAsync($"UPDATE backup SET state = 'failed', failure = 'x' WHERE id IN ({ids["failed"]}, {ids["elsewhere"]})");
        await _store.ExecuteAsync($"UPDATE backup SET attempt = 4, next_attempt_at = '2026-11-20T13:00:00.0000000Z' WHERE id = {ids["waits"]}");
        await _store.ExecuteAsync($"UPDATE backup SET remote = 'gone' WHERE id = {ids["elsewhere"]}");

        var outcome = await ByHand.RetryAllAsync(["r"], TestStore.Stop);

        Assert.Equal([ids["failed"], ids["waits"]], outcome.Backups);
        Assert.Equal((0, null, null), await BackupAsync(ids["waits"]) is var waits ? (waits.Attempt, waits.NextAttemptAt, waits.ByHand) : default);
        Assert.Equal(BackupState.Discovered, (await BackupAsync(ids["failed"])).State);
    }

    [Fact]
    public async Task A_damaged_backup_that_waits_is_tried_at_once_and_stays_damaged()
    {
        var id = await _store.AddAsync(Archives.Found());
        await _store.ExecuteAsync("UPDATE backup SET state = 'damaged', attempt = 4, failure = 'x', next_attempt_at = '2026-11-20T13:00:00.0000000Z'");

        Assert.Equal([id], (await ByHand.RetryAllAsync(["r"], TestStore.Stop)).Backups);

        var backup = await BackupAsync(id);
        Assert.Equal((BackupState.Damaged, 0, null), (backup.State, backup.Attempt, backup.NextAttemptAt));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 0)] // as many volumes as were sealed, and one more
    public async Task What_is_sealed_whole_of_an_archive_that_is_gone_is_not_thrown_away_for_another_of_its_name(int volumeCount, int conflicts)
    {
        var archive = Archives.Found(size: 1000);
        var id = await _store.AddAsync(archive);
        var claim = await _store.ClaimAsync();
        var plan = TestStore.PlanFor(archive);
        plan = TestStore.PlanFor(archive, (plan.Tar.TotalBytes + volumeCount - 1) / volumeCount);
        Assert.Equal(volumeCount, plan.VolumeCount);
        await _store.Pipeline.RecordPlanAsync(claim, plan);
        await _store.Pipeline.RecordSealedAsync(claim, new SealedVolume(1, plan.VolumeName(1), "", 5_000, new Digests("aa"))); // more bytes than the archive has
        await _store.Pipeline.ReleaseAsync(claim, "test");

        var outcome = await ByHand.ShipAsync([archive with { SizeBytes = 2 }], ["r"], (_, _) => Task.FromResult<bool?>(false), TestStore.Stop);

        Assert.Equal(conflicts, outcome.Conflicts.Count);
        Assert.Equal(conflicts == 0 ? 2 : 1000, (await BackupAsync(id)).SizeBytes);
    }

    [Fact]
    public async Task A_copy_is_not_retried_and_that_is_no_fault()
    {
        await _store.PublishAsync(Archive);
        var before = await _store.DumpAsync();

        var outcome = await ByHand.RetryAsync([1], ["r"], TestStore.Stop);

        Assert.Equal([1L], outcome.Already);
        Assert.Equal(before, await _store.DumpAsync());
    }

    [Fact]
    public async Task A_listing_that_was_compared_before_a_person_decided_changes_nothing_of_it()
    {
        var skipped = await _store.AddAsync(Archives.Found(100));
        var old = await _store.AddAsync(Archives.Found(101));
        await _store.ExecuteAsync($"UPDATE backup SET state = 'skipped' WHERE id = {skipped}");
        var outside = (await ShipAsync(Archives.Found(102) with { Storage = null })).Backups[0];
        await ByHand.SkipAsync([skipped], TestStore.Stop);
        await ShipAsync(Archives.Found(101));
        var before = await _store.DumpAsync();

        var effective = await _store.Discovery.ApplyAsync(
            [
                new DiscoveryChange.Revived(skipped, Archives.Found(100), BackupState.Skipped),
                new DiscoveryChange.Skipped(old, "too old"),
                new DiscoveryChange.SourceGone(outside, "/usb/x"),
                new DiscoveryChange.Replaced(outside, Archives.Found(102, size: 2)),
            ],
            _ => "test",
            Archives.Now,
            TestStore.Stop);

        Assert.Empty(effective);
        Assert.Equal(before, await _store.DumpAsync());
    }

    private Task<Scheduler.Wishes.WishOutcome> ShipAsync(FoundArchive archive, params string[] remotes) =>
        ByHand.ShipAsync([archive], remotes.Length == 0 ? ["r"] : remotes, (_, _) => Task.FromResult<bool?>(true), TestStore.Stop);

    private async Task<Backup> BackupAsync(long id) => Assert.Single(await ByHand.LookAsync([id], TestStore.Stop)).Backup;

    private async Task<string> BackupsAsync() => (await _store.DumpAsync()).Split("event: ")[0];
}
