using Perb.Scheduler.Backups;
using Perb.Scheduler.Store;

namespace Perb.Scheduler.Cli;

internal enum Outlook
{
    /// <summary>It is being carried, or its turn comes without anything being wrong.</summary>
    Underway,

    Done,

    /// <summary>Nothing happens before some later time, or before somebody works.</summary>
    Waits,

    Failed,
}

/// <summary>How a backup stands that a person waits for, and that in words. Pure.</summary>
internal sealed record Standing(Outlook Outlook, string Text)
{
    /// <param name="watched">As the store has it.</param>
    /// <param name="trouble">What its remote, or its staging, suffers from, with the name of that.</param>
    /// <param name="isServed">Somebody holds the state directory's lock and ships.</param>
    /// <param name="now">For telling whether it is due.</param>
    /// <param name="zone">Of the times in words.</param>
    public static Standing Of(WatchedBackup watched, string? trouble, bool isServed, DateTimeOffset now, TimeZoneInfo zone)
    {
        var backup = watched.Backup;
        return backup.State switch
        {
            BackupState.Published => new(Outlook.Done, $"published, verified by {backup.VerifiedHow} at {Screen.Time(backup.VerifiedAt, zone)}"),
            BackupState.Discovered or BackupState.Verified or BackupState.Damaged => OfOpen(watched, trouble, isServed, now, zone),
            var state => new(Outlook.Failed, $"{state.Word()}{(backup.Failure is { } failure ? $": {failure}" : "")}"),
        };
    }

    private static Standing OfOpen(WatchedBackup watched, string? trouble, bool isServed, DateTimeOffset now, TimeZoneInfo zone) => watched switch
    {
        { IsClaimed: true } when isServed => new(Outlook.Underway, watched.Activity?.InWords() ?? "is being worked on"),
        { Backup: { NextAttemptAt: { } next } backup } when next > now =>
            new(Outlook.Waits, $"waits: {backup.Failure?.TrimEnd('.')}. Next attempt at {Screen.Time(next, zone)}"),
        _ when trouble is not null => new(Outlook.Waits, $"waits for {trouble}"),
        { IsSettled: false } => new(
            isServed ? Outlook.Underway : Outlook.Waits, "waits: vzdump may still write its log and notes"),
        _ when isServed => new(Outlook.Underway, "waits for its turn"),
        _ => new(Outlook.Waits, "waits: nobody works on it now; the service does when it runs"),
    };
}
