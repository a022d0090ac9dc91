using Perb.Scheduler.Backups;
using Perb.Scheduler.Cli;
using Perb.Scheduler.Store;
using Perb.Tests.Discovery;

namespace Perb.Tests.Cli;

public sealed class StandingTests
{
    private static readonly WatchedBackup Due = new(
        Archives.BackupOf(Archives.Found()), IsSettled: true, IsClaimed: false, Activity: null);

    [Theory]
    [InlineData(BackupState.Published, nameof(Outlook.Done))]
    [InlineData(BackupState.Failed, nameof(Outlook.Failed))]
    [InlineData(BackupState.Skipped, nameof(Outlook.Failed))]
    [InlineData(BackupState.SourceMissing, nameof(Outlook.Failed))]
    [InlineData(BackupState.Damaged, nameof(Outlook.Underway))]
    [InlineData(BackupState.Discovered, nameof(Outlook.Underway))]
    [InlineData(BackupState.Verified, nameof(Outlook.Underway))]
    public void Only_what_is_still_to_be_carried_is_followed(BackupState state, string expected) =>
        Assert.Equal(expected, Of(Due with { Backup = Due.Backup with { State = state } }).Outlook.ToString());

    [Theory]
    [InlineData("no route.")]
    [InlineData("no route")]
    public void What_is_to_be_tried_again_later_says_why_and_when(string failure)
    {
        var standing = Of(Waiting(Archives.Now.AddMinutes(1), failure));

        Assert.Equal(Outlook.Waits, standing.Outlook);
        Assert.Equal("waits: no route. Next attempt at 2026-11-20 12:01:00", standing.Text);
        Assert.Equal(Outlook.Underway, Of(Waiting(Archives.Now)).Outlook);
    }

    [Fact]
    public void What_is_being_worked_on_is_followed_whatever_was_before()
    {
        var busy = Waiting(Archives.Now.AddMinutes(1)) with { IsClaimed = true, Activity = new Activity("upload", 1, 2, 5, 10, 0) };

        Assert.Equal(Outlook.Underway, Of(busy, trouble: "away").Outlook);
        Assert.StartsWith("upload of volume 1/2", Of(busy).Text, StringComparison.Ordinal);
        Assert.Equal(Outlook.Waits, Of(busy, isServed: false).Outlook); // the claim of a dead service
    }

    [Fact]
    public void A_remote_in_trouble_is_not_waited_for() =>
        Assert.Equal(new Standing(Outlook.Waits, "waits for the remote: away"), Of(Due, trouble: "the remote: away"));

    [Fact]
    public void An_unsettled_archive_is_waited_for_only_where_somebody_will_notice()
    {
        Assert.Equal(Outlook.Underway, Of(Due with { IsSettled = false }).Outlook);
        Assert.Equal(Outlook.Waits, Of(Due with { IsSettled = false }, isServed: false).Outlook);
        Assert.Equal(Outlook.Waits, Of(Due, isServed: false).Outlook);
    }

    private static WatchedBackup Waiting(DateTimeOffset until, string failure = "no route.") =>
        Due with { Backup = Due.Backup with { Failure = failure, NextAttemptAt = until } };

    private static Standing Of(WatchedBackup watched, string? trouble = null, bool isServed = true) =>
        Standing.Of(watched, trouble, isServed, Archives.Now, TimeZoneInfo.Utc);
}
