using Perb.Scheduler.Backups;
using Perb.Scheduler.Discovery;
using Perb.Scheduler.Wishes;
using Perb.Tests.Discovery;

namespace Perb.Tests.Wishes;

public sealed class VerdictsTests
{
    private static readonly FoundArchive Archive = Archives.Found();

    public static TheoryData<BackupState> States => [.. Enum.GetValues<BackupState>()];

    [Theory]
    [InlineData(BackupState.Discovered, ShipVerdict.Due)]
    [InlineData(BackupState.Verified, ShipVerdict.Due)]
    [InlineData(BackupState.Published, ShipVerdict.Already)]
    [InlineData(BackupState.Skipped, ShipVerdict.Due)]
    [InlineData(BackupState.SourceMissing, ShipVerdict.Due)]
    [InlineData(BackupState.Failed, ShipVerdict.Due)]
    [InlineData(BackupState.Damaged, ShipVerdict.Conflict)]
    [InlineData(BackupState.Lost, ShipVerdict.Conflict)]
    [InlineData(BackupState.Pruned, ShipVerdict.Conflict)]
    public void The_archive_of_a_backup_is_shipped_whatever_became_of_it_unless_it_was_published(BackupState state, ShipVerdict expected) =>
        Assert.All([true, false], keepsIt => Assert.Equal(expected, Verdicts.OnShipping(Backup(state), Archive, isBusy: keepsIt, hasItsOwnArchive: keepsIt)));

    [Theory]
    [MemberData(nameof(States))]
    public void Another_archive_of_the_same_name_never_takes_the_place_of_one_that_is_there_or_was_sent(BackupState state)
    {
        var other = Archives.Found(size: 2);

        Assert.Equal(ShipVerdict.Conflict, Verdicts.OnShipping(Backup(state), other, isBusy: false, hasItsOwnArchive: true));
        Assert.Equal(ShipVerdict.Conflict, Verdicts.OnShipping(Backup(state), other, isBusy: true, hasItsOwnArchive: false));
        Assert.Equal(
            state is BackupState.Discovered or BackupState.Skipped or BackupState.SourceMissing or BackupState.Failed ? ShipVerdict.Due : ShipVerdict.Conflict,
            Verdicts.OnShipping(Backup(state), other, isBusy: false, hasItsOwnArchive: false));
    }

    [Theory]
    [InlineData(BackupState.Skipped)]
    [InlineData(BackupState.SourceMissing)]
    [InlineData(BackupState.Failed)]
    public void What_is_revived_by_hand_makes_a_legal_move(BackupState state) => Assert.True(state.MayBecome(BackupState.Discovered));

    [Theory]
    [InlineData(BackupState.Discovered, null)]
    [InlineData(BackupState.Verified, null)]
    [InlineData(BackupState.Skipped, null)]
    [InlineData(BackupState.SourceMissing, null)]
    [InlineData(BackupState.Failed, null)]
    [InlineData(BackupState.Published, "backup 7 (100-2026_11_20-02_00_00 to r) is published")]
    [InlineData(BackupState.Damaged, "is damaged: there is nothing to skip")]
    [InlineData(BackupState.Lost, "is lost: there is nothing to skip")]
    [InlineData(BackupState.Pruned, "is pruned: there is nothing to skip")]
    public void Only_what_is_no_copy_can_be_skipped(BackupState state, string? expected)
    {
        var refusal = Verdicts.RefusalToSkip(Backup(state), isBusy: false);

        Assert.Equal(expected is null, refusal is null);
        Assert.Contains(expected ?? "", refusal ?? "", StringComparison.Ordinal);
        Assert.Equal(state == BackupState.Skipped || state.MayBecome(BackupState.Skipped), refusal is null);
    }

    [Theory]
    [InlineData(BackupState.Discovered, true, true, false)]
    [InlineData(BackupState.Verified, true, false, true)]
    [InlineData(BackupState.Verified, false, true, true)]
    [InlineData(BackupState.Verified, false, false, false)]
    [InlineData(BackupState.Failed, false, true, false)]
    public void What_is_or_may_have_been_published_is_not_skipped_any_more(BackupState state, bool isBusy, bool hasUploader, bool isRefused)
    {
        var refusal = Verdicts.RefusalToSkip(Backup(state) with { HasUploader = hasUploader }, isBusy);

        Assert.Equal(isRefused, refusal?.Contains("is being published", StringComparison.Ordinal) ?? false);
    }

    [Theory]
    [InlineData(BackupState.Discovered, null, null)]
    [InlineData(BackupState.Verified, null, null)]
    [InlineData(BackupState.Failed, null, null)]
    [InlineData(BackupState.Published, null, null)]
    [InlineData(BackupState.Skipped, ByHand.Skip, null)]
    [InlineData(BackupState.Skipped, null, "is skipped by rule (too old); to ship it all the same: perb ship /mnt/local/dump/vzdump-")]
    [InlineData(BackupState.SourceMissing, null, "has no archive any more")]
    [InlineData(BackupState.Damaged, null, null)]
    public void What_failed_waits_or_was_skipped_by_a_person_can_be_tried_again(BackupState state, ByHand? byHand, string? expected)
    {
        var refusal = Verdicts.RefusalToRetry(Backup(state) with { ByHand = byHand, Failure = "too old" }, ["r"]);

        Assert.Equal(expected is null, refusal is null);
        Assert.Contains(expected ?? "", refusal ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public void What_nobody_would_carry_any_more_is_not_tried_again() =>
        Assert.Contains("does not name any more", Verdicts.RefusalToRetry(Backup(BackupState.Failed), ["other"]), StringComparison.Ordinal);

    private static Backup Backup(BackupState state) => Archives.BackupOf(Archive, state);
}
