using Perb.Scheduler.Backups;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Discovery;

namespace Perb.Tests.Discovery;

/// <summary>What a person decided goes before every rule, and what lies outside of all storages is none of discovery's business.</summary>
public sealed class ByHandDiffTests
{
    private static readonly FoundArchive Archive = Archives.Found(daysOld: 30);
    private static readonly FoundArchive Newest = Archives.Found();

    public static TheoryData<BackupState> States => [.. Enum.GetValues<BackupState>()];

    public static TheoryData<string> Rules => ["old", "excluded", "not included"];

    [Theory]
    [MemberData(nameof(Rules))]
    public void An_archive_shipped_by_hand_is_not_judged_by_rules(string rule)
    {
        Assert.IsType<DiscoveryChange.Skipped>(Assert.Single(Between(Options(rule), Known(byHand: null), Archive)));

        Assert.Empty(Between(Options(rule), Known(), Archive));
    }

    [Fact]
    public void An_archive_shipped_by_hand_is_revived_when_it_reappears_and_missing_when_its_storage_has_it_no_more()
    {
        Assert.Equal(
            [new DiscoveryChange.Revived(7, Archive, BackupState.SourceMissing)],
            Between(Options("excluded"), Known(BackupState.SourceMissing), Archive));
        Assert.IsType<DiscoveryChange.SourceGone>(Assert.Single(Between(Options("excluded"), Known())));
    }

    [Theory]
    [MemberData(nameof(States))]
    public void What_lies_outside_of_all_storages_is_left_alone(BackupState state)
    {
        Assert.Empty(Between(Options("excluded"), Outside(state)));
        Assert.Empty(Between(Options("excluded"), Outside(state), Archive));
    }

    [Theory]
    [InlineData(BackupState.Discovered)]
    [InlineData(BackupState.Failed)]
    public void Another_archive_of_its_name_in_a_storage_is_a_conflict_and_not_its_replacement(BackupState state)
    {
        var conflict = Assert.IsType<DiscoveryChange.Conflict>(
            Assert.Single(Between(Archives.Defaults, Outside(state), Archive with { SizeBytes = 2 })));

        Assert.Contains("/usb/", conflict.Text, StringComparison.Ordinal);
        Assert.Contains("differ", conflict.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_person_skipped_stays_skipped_though_it_is_the_newest_and_has_other_bytes()
    {
        var skipped = Archives.Known(Newest, BackupState.Skipped, byHand: ByHand.Skip);
        var replaced = Newest with { SizeBytes = 2 };

        Assert.Empty(Between(Archives.Defaults, skipped, Newest));
        Assert.Equal([new DiscoveryChange.Replaced(7, replaced)], Between(Archives.Defaults, skipped, replaced));
        Assert.Empty(Between(Archives.Defaults, skipped with { Storage = null }, replaced));
    }

    private static KnownBackup Known(BackupState state = BackupState.Discovered, ByHand? byHand = ByHand.Ship) =>
        Archives.Known(Archive, state, byHand: byHand);

    private static KnownBackup Outside(BackupState state) => Known(state) with { Storage = null, Path = $"/usb/{Archive.Name.FileName}" };

    private static DiscoverySection Options(string rule) => rule switch
    {
        "excluded" => Archives.Excluding("100"),
        "not included" => Archives.Including("101"),
        _ => Archives.Defaults,
    };

    // The guest has a newer archive, which is shipped already.
    private static IReadOnlyList<DiscoveryChange> Between(DiscoverySection options, KnownBackup known, params FoundArchive[] archives)
    {
        var others = known.RemoteName == Newest.Name.RemoteName ? [] : new[] { Newest };
        var all = others.Select(other => Archives.Known(other, BackupState.Published) with { Id = 8 }).Append(known);
        return new DiscoveryDiff(new CatchUpPolicy(options), ["r"]).Between(
            all.ToDictionary(backup => (backup.Remote, backup.RemoteName)),
            new Listing([.. others, .. archives], new HashSet<string> { "local" }, IsComplete: true),
            new Dictionary<int, Scheduler.Store.KnownGuest>(),
            Archives.Now);
    }
}
