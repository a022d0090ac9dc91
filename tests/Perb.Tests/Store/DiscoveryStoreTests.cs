using Perb.Scheduler.Backups;
using Perb.Scheduler.Discovery;
using Perb.Tests.Discovery;
using Perb.Transfer.Hashing;
using Perb.Transfer.Sealing;

namespace Perb.Tests.Store;

public sealed class DiscoveryStoreTests : IAsyncLifetime
{
    private TestStore _store = null!;

    public async ValueTask InitializeAsync() => _store = await TestStore.OpenAsync();

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    [Fact]
    public async Task Only_changes_that_took_effect_are_reported()
    {
        var archive = Archives.Found();
        var id = await _store.AddAsync(archive);

        Assert.Empty(await ApplyAsync(new DiscoveryChange.Found(archive, "r", null, null)));

        DiscoveryChange[] skipped = [new DiscoveryChange.Skipped(id, "rule")];
        Assert.Equal(skipped, await ApplyAsync(skipped));
        Assert.Empty(await ApplyAsync(skipped));

        DiscoveryChange[] revived = [new DiscoveryChange.Revived(id, archive, BackupState.Skipped)];
        Assert.Equal(revived, await ApplyAsync(revived));
        Assert.Empty(await ApplyAsync(revived));

        DiscoveryChange[] conflict = [new DiscoveryChange.Conflict(id, "differs")];
        Assert.Equal(conflict, await ApplyAsync(conflict));
        Assert.Empty(await ApplyAsync(conflict));
        Assert.Equal(["discovered", "skipped", "discovered", "conflict"], await _store.EventsAsync(id));
    }

    [Fact]
    public async Task Nothing_happens_under_a_workers_hands()
    {
        var archive = Archives.Found();
        var id = await _store.AddAsync(archive);
        await _store.ClaimAsync();

        Assert.Empty(await ApplyAsync(
            new DiscoveryChange.Seen(id, archive), new DiscoveryChange.Replaced(id, archive), new DiscoveryChange.SourceGone(id, archive.Path)));
    }

    [Fact]
    public async Task A_conflict_on_a_copy_is_cleared_and_other_failures_are_not()
    {
        await _store.PublishAsync(Archives.Found(100));
        await _store.AddAsync(Archives.Found(101));
        await _store.ExecuteAsync("UPDATE backup SET failure = 'differs'");
        var known = await _store.Discovery.LoadKnownAsync(TestStore.Stop);

        var effective = await ApplyAsync([.. known.Values.Select(backup => new DiscoveryChange.ConflictOver(backup.Id))]);

        Assert.Single(effective);
        Assert.Equal(
            [(BackupState.Discovered, "differs"), (BackupState.Published, null)],
            (await _store.Discovery.LoadKnownAsync(TestStore.Stop)).Values.Select(backup => (backup.State, backup.Failure)).Order());
    }

    [Fact]
    public async Task Other_bytes_bring_a_failed_backup_back()
    {
        var (archive, replaced) = (Archives.Found(), Archives.Found(size: 2));
        var id = await _store.AddAsync(archive);
        await _store.Pipeline.RecordFailureAsync(await _store.ClaimAsync(), new Failure(FailureKind.NeedsOperator, "broken"), null);

        await ApplyAsync(new DiscoveryChange.Replaced(id, replaced), new DiscoveryChange.Revived(id, replaced, BackupState.Failed));

        var backup = Assert.Single(await _store.Discovery.LoadKnownAsync(TestStore.Stop)).Value;
        Assert.Equal((BackupState.Discovered, 2L, null), (backup.State, backup.SizeBytes, backup.Failure));
    }

    [Fact]
    public async Task What_was_sealed_whole_since_the_listing_was_compared_is_neither_given_up_nor_replaced()
    {
        var archive = Archives.Found();
        var id = await _store.AddAsync(archive);
        var claim = await _store.ClaimAsync();
        await _store.Pipeline.RecordPlanAsync(claim, TestStore.PlanFor(archive));
        await _store.Pipeline.RecordSealedAsync(claim, new SealedVolume(1, "v.enc", "/staging/v.enc", 10, new Digests("aa")));
        await _store.Pipeline.ReleaseAsync(claim, "test");
        var before = await _store.DumpAsync();

        Assert.Empty(await ApplyAsync(
            new DiscoveryChange.SourceGone(id, archive.Path), new DiscoveryChange.Replaced(id, archive with { SizeBytes = 2 })));

        Assert.Equal(before, await _store.DumpAsync());
        var moved = new DiscoveryChange.Seen(id, archive with { Path = "/mnt/other/x" });
        Assert.Equal([moved], await ApplyAsync(moved)); // the same archive may still be seen elsewhere
    }

    [Theory]
    [InlineData(BackupState.Verified)]
    [InlineData(BackupState.Published)]
    [InlineData(BackupState.Damaged)]
    public async Task Other_bytes_never_get_into_the_record_of_what_was_sent_since_the_listing_was_compared(BackupState state)
    {
        var id = await _store.AddAsync(Archives.Found());
        await _store.ExecuteAsync($"UPDATE backup SET state = '{state.Word()}'");
        var before = await _store.DumpAsync();

        Assert.Empty(await ApplyAsync(new DiscoveryChange.Replaced(id, Archives.Found(size: 2))));

        Assert.Equal(before, await _store.DumpAsync());
    }

    [Fact]
    public async Task A_move_that_the_states_do_not_allow_is_refused()
    {
        var id = await _store.AddAsync(Archives.Found());

        await Assert.ThrowsAsync<InvalidOperationException>(
            () => ApplyAsync(new DiscoveryChange.Revived(id, Archives.Found(), BackupState.Published)));
    }

    [Fact]
    public async Task A_backup_is_all_sealed_when_every_volume_of_its_plan_was()
    {
        var archive = Archives.Found(size: 1 << 20);
        await _store.AddAsync(archive);
        var claim = await _store.ClaimAsync();
        var plan = TestStore.PlanFor(archive);
        Assert.Equal(2, plan.VolumeCount);

        Assert.False(await IsAllSealedAsync());
        await _store.Pipeline.RecordPlanAsync(claim, plan);
        Assert.False(await IsAllSealedAsync());
        await _store.Pipeline.RecordSealedAsync(claim, Volume(1));
        Assert.False(await IsAllSealedAsync());
        await _store.Pipeline.RecordSealedAsync(claim, Volume(2));
        Assert.True(await IsAllSealedAsync());
    }

    private static SealedVolume Volume(int number) =>
        new(number, $"x.{number}.enc", $"/staging/x.{number}.enc", 10, new Digests("aa"));

    private async Task<bool> IsAllSealedAsync() =>
        Assert.Single(await _store.Discovery.LoadKnownAsync(TestStore.Stop)).Value.IsAllSealed;

    private Task<IReadOnlyList<DiscoveryChange>> ApplyAsync(params DiscoveryChange[] changes) =>
        _store.Discovery.ApplyAsync(changes, _ => "test", Archives.Now, TestStore.Stop);
}
