using Perb.Scheduler.Backups;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Discovery;
using Perb.Scheduler.Store;

namespace Perb.Tests.Discovery;

public sealed class DiscoveryDiffTests
{
    public static TheoryData<BackupState> Immutable =>
        [BackupState.Verified, BackupState.Published, BackupState.Damaged, BackupState.Lost, BackupState.Pruned];

    public static TheoryData<BackupState> States => [.. Enum.GetValues<BackupState>()];

    [Fact]
    public void A_new_archive_is_found_once_for_each_remote()
    {
        var archive = Archives.Found();

        var changes = new DiscoveryDiff(new CatchUpPolicy(Archives.Defaults), ["r", "s"]).Between(NothingKnown(), Seen(archive), NoGuests, Archives.Now);

        Assert.Equal([new DiscoveryChange.Found(archive, "r", null, null), new DiscoveryChange.Found(archive, "s", null, null)], changes);
    }

    [Theory]
    [MemberData(nameof(States))]
    public void A_known_archive_changes_nothing(BackupState state)
    {
        var archive = Archives.Found();
        var options = state is BackupState.Skipped or BackupState.SourceMissing ? Archives.Excluding("100") : Archives.Defaults;

        Assert.Empty(Between(options, Archives.Known(archive, state), archive));
    }

    [Fact]
    public void Of_the_same_archive_in_two_storages_one_is_shipped() =>
        Assert.Single(Between(Archives.Defaults, null, Archives.Found(storage: "a"), Archives.Found(storage: "b")));

    [Fact]
    public void An_archive_that_differs_in_two_storages_is_shipped_once_and_the_difference_shown()
    {
        var found = Assert.IsType<DiscoveryChange.Found>(
            Assert.Single(Between(Archives.Defaults, null, Archives.Found(storage: "a"), Archives.Found(storage: "b", size: 2))));

        Assert.Equal("a", found.Archive.Storage);
        Assert.Contains("/mnt/b/dump/", found.ConflictText, StringComparison.Ordinal);
    }

    [Fact]
    public void The_archive_that_is_recorded_is_the_source_whatever_the_order_of_the_listing()
    {
        var (recorded, other) = (Archives.Found(storage: "b"), Archives.Found(storage: "a", size: 2));

        Assert.IsType<DiscoveryChange.Conflict>(Assert.Single(Between(Archives.Defaults, Archives.Known(recorded), other, recorded)));
    }

    [Fact]
    public void Two_endings_of_one_name_in_one_storage_do_not_take_turns()
    {
        var (recorded, other) = (Archives.Found(ending: "vma.zst"), Archives.Found(ending: "vma.gz", size: 2));

        Assert.IsType<DiscoveryChange.Conflict>(Assert.Single(Between(Archives.Defaults, Archives.Known(recorded), other, recorded)));
    }

    [Fact]
    public void Other_bytes_under_an_unsealed_name_replace_it()
    {
        var replaced = Archives.Found(size: 2);

        Assert.Equal([new DiscoveryChange.Replaced(7, replaced)], Between(Archives.Defaults, Archives.Known(Archives.Found()), replaced));
    }

    [Fact]
    public void What_is_sealed_of_a_vanished_archive_is_not_thrown_away_for_other_bytes_of_its_name()
    {
        var allSealed = Archives.Known(Archives.Found(storage: "a"), hasPlan: true, isAllSealed: true);
        var other = Archives.Found(storage: "b", size: 2);

        Assert.EndsWith(
            "it is not offsite", Assert.IsType<DiscoveryChange.Conflict>(Assert.Single(Between(Archives.Defaults, allSealed, other))).Text, StringComparison.Ordinal);
        Assert.Equal(
            [new DiscoveryChange.Replaced(7, other)], Between(Archives.Defaults, allSealed with { IsAllSealed = false }, other));
    }

    [Fact]
    public void Other_bytes_give_what_failed_a_new_try_if_it_is_wanted()
    {
        var (failed, replaced) = (Archives.Known(Archives.Found(), BackupState.Failed), Archives.Found(size: 2));

        Assert.Equal(
            [new DiscoveryChange.Replaced(7, replaced), new DiscoveryChange.Revived(7, replaced, BackupState.Failed)],
            Between(Archives.Defaults, failed, replaced));
        Assert.Empty(Between(Archives.Excluding("100"), failed, replaced));
    }

    [Theory]
    [MemberData(nameof(Immutable))]
    public void Other_bytes_under_a_shipped_name_are_a_conflict_and_never_look_like_success(BackupState state)
    {
        var conflict = Assert.IsType<DiscoveryChange.Conflict>(
            Assert.Single(Between(Archives.Defaults, Archives.Known(Archives.Found(), state), Archives.Found(size: 2))));

        Assert.EndsWith("it is not offsite", conflict.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_conflict_is_told_once()
    {
        var shipped = Archives.Known(Archives.Found(), BackupState.Published);
        FoundArchive[] listed = [Archives.Found(size: 2), Archives.Found(storage: "b", size: 3)];
        var told = Assert.IsType<DiscoveryChange.Conflict>(Assert.Single(Between(Archives.Defaults, shipped, listed)));

        Assert.Empty(Between(Archives.Defaults, shipped with { Failure = told.Text }, listed));
    }

    [Fact]
    public void A_conflict_is_over_once_nothing_differs_any_more()
    {
        var archive = Archives.Found();
        var shipped = Archives.Known(archive, BackupState.Published, failure: "differs");
        DiscoveryChange[] over = [new DiscoveryChange.ConflictOver(7)];

        Assert.Equal(over, Between(Archives.Defaults, shipped));
        Assert.Equal(over, Between(Archives.Defaults, shipped, archive));
        Assert.Equal(over, Between(Archives.Defaults, shipped, archive, Archives.Found(storage: "b")));
        Assert.DoesNotContain(over[0], Between(Archives.Excluding("100"), shipped, archive, Archives.Found(storage: "b", size: 2)));
    }

    [Fact]
    public void A_conflict_lasts_while_a_storage_is_away_that_may_hold_what_differs() =>
        Assert.Empty(Diff(Archives.Defaults).Between(
            Known(Archives.Known(Archives.Found(), BackupState.Published, failure: "differs")),
            Seen(Archives.Found()) with { IsComplete = false },
            NoGuests,
            Archives.Now));

    [Fact]
    public void What_a_worker_has_in_its_hands_is_left_to_it()
    {
        var claimed = Archives.Known(Archives.Found(), isClaimed: true);

        Assert.Empty(Between(Archives.Defaults, claimed, Archives.Found(size: 2)));
        Assert.Empty(Between(Archives.Excluding("100"), claimed, Archives.Found()));
        Assert.Empty(Between(Archives.Defaults, claimed));
    }

    [Fact]
    public void A_vanished_archive_is_gone_only_where_its_storage_is_spoken_for()
    {
        var known = Archives.Known(Archives.Found());

        Assert.Equal([new DiscoveryChange.SourceGone(7, known.Path)], Between(Archives.Defaults, known));
        Assert.Empty(Diff(Archives.Defaults).Between(Known(known), new Listing([], new HashSet<string> { "other" }, IsComplete: false), NoGuests, Archives.Now));
    }

    [Fact]
    public void A_backup_whose_volumes_are_all_sealed_does_not_miss_its_archive() =>
        Assert.Empty(Between(Archives.Defaults, Archives.Known(Archives.Found(), hasPlan: true, isAllSealed: true)));

    [Fact]
    public void A_vanished_archive_that_lies_elsewhere_is_shipped_from_there()
    {
        var elsewhere = Archives.Found(storage: "b");

        Assert.Equal([new DiscoveryChange.Seen(7, elsewhere)], Between(Archives.Defaults, Archives.Known(Archives.Found(storage: "a")), elsewhere));
    }

    [Theory]
    [InlineData(BackupState.Verified)]
    [InlineData(BackupState.Published)]
    [InlineData(BackupState.Skipped)]
    [InlineData(BackupState.Failed)]
    public void Only_what_still_needs_its_source_misses_it(BackupState state) =>
        Assert.Empty(Between(Archives.Defaults, Archives.Known(Archives.Found(), state)));

    [Theory]
    [InlineData(BackupState.Skipped)]
    [InlineData(BackupState.SourceMissing)]
    public void What_is_there_and_wanted_again_is_revived(BackupState state)
    {
        var archive = Archives.Found();

        Assert.Equal([new DiscoveryChange.Revived(7, archive, state)], Between(Archives.Defaults, Archives.Known(archive, state), archive));
    }

    [Fact]
    public void A_rule_that_changed_skips_what_was_not_begun()
    {
        var archive = Archives.Found();

        Assert.IsType<DiscoveryChange.Skipped>(Assert.Single(Between(Archives.Excluding("100"), Archives.Known(archive), archive)));
        Assert.Empty(Between(Archives.Excluding("100"), Archives.Known(archive, hasPlan: true), archive));
    }

    [Fact]
    public void The_newest_archive_of_each_guest_is_shipped_whatever_its_age()
    {
        var changes = Between(
            Archives.Defaults, null, Archives.Found(100, daysOld: 30), Archives.Found(100, daysOld: 40), Archives.Found(101, daysOld: 400));

        Assert.Equal([true, false, true], changes.Cast<DiscoveryChange.Found>().Select(change => change.SkipReason is null));
    }

    [Fact]
    public void An_archive_from_the_future_is_shipped_and_hides_no_guests_newest()
    {
        var changes = Between(
            Archives.Defaults, null, Archives.Found(100, daysOld: -300), Archives.Found(100, daysOld: 30), Archives.Found(100, daysOld: 40), Archives.Found(101, daysOld: -2));

        Assert.Equal([true, true, false, true], changes.Cast<DiscoveryChange.Found>().Select(change => change.SkipReason is null));
    }

    [Fact]
    public void An_archive_is_settled_once_and_stays_so()
    {
        var (unsettled, settled) = (Archives.Found(settled: false), Archives.Found(settled: true));

        Assert.Equal([new DiscoveryChange.Seen(7, settled)], Between(Archives.Defaults, Archives.Known(unsettled), settled));
        Assert.Empty(Between(Archives.Defaults, Archives.Known(settled), unsettled));
    }

    private static readonly Dictionary<int, KnownGuest> NoGuests = [];

    private static DiscoveryDiff Diff(DiscoverySection options) => new(new CatchUpPolicy(options), ["r"]);

    private static IReadOnlyList<DiscoveryChange> Between(DiscoverySection options, KnownBackup? known, params FoundArchive[] archives) =>
        Diff(options).Between(known is null ? NothingKnown() : Known(known), Seen(archives), NoGuests, Archives.Now);

    private static Listing Seen(params FoundArchive[] archives) => new(archives, new HashSet<string> { "local", "a", "b" }, IsComplete: true);

    private static Dictionary<(string Remote, string RemoteName), KnownBackup> NothingKnown() => [];

    private static Dictionary<(string Remote, string RemoteName), KnownBackup> Known(KnownBackup backup) =>
        new() { [(backup.Remote, backup.RemoteName)] = backup };
}
