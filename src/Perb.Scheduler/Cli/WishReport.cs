using Perb.Scheduler.Backups;
using Perb.Scheduler.Store;
using Perb.Scheduler.Wishes;

namespace Perb.Scheduler.Cli;

/// <summary>
/// Tells what becomes of the backups of a wish: a line when one is done or failed, at the end one for each that waits; with <c>--json</c>
/// one document on stdout and the lines on stderr.
/// </summary>
internal sealed class WishReport(Wish wish, WishOutcome outcome, TimeZoneInfo zone, bool asJson)
{
    private readonly HashSet<long> _told = [];

    /// <summary>Whether nothing more will happen soon.</summary>
    public bool IsOver(IReadOnlyList<(WatchedBackup Watched, Standing Standing)> all)
    {
        foreach (var (watched, standing) in all.Where(one => one.Standing.Outlook is Outlook.Done or Outlook.Failed))
        {
            Tell(watched.Backup, standing);
        }

        return all.All(one => one.Standing.Outlook != Outlook.Underway);
    }

    /// <summary>The last lines, the document, and how the command ends.</summary>
    public ExitCode Finish(IReadOnlyList<(WatchedBackup Watched, Standing Standing)> all)
    {
        foreach (var (watched, standing) in all)
        {
            Tell(watched.Backup, standing);
        }

        foreach (var conflict in outcome.Conflicts)
        {
            Console.Error.WriteLine(Screen.Line($"perb: {conflict}"));
        }

        if (asJson)
        {
            Screen.WriteJson(all.Select(one => BackupDocument.Of(one.Watched.Backup)), DocumentsJson.Default.IEnumerableBackupDocument);
        }
        else if (all.Count == 0 && outcome.Conflicts.Count == 0)
        {
            Console.Out.WriteLine("nothing to do");
        }

        return outcome.Conflicts.Count > 0 || all.Any(one => HasFailed(one.Watched.Backup, one.Standing)) ? ExitCode.SomeBackupsFailed
            : all.Any(one => one.Standing.Outlook is Outlook.Waits or Outlook.Underway) ? ExitCode.TryLater
            : ExitCode.Ok;
    }

    private bool HasFailed(Backup backup, Standing standing) =>
        standing.Outlook == Outlook.Failed && !(wish.Kind == WishKind.Skip && backup.State == BackupState.Skipped);

    private void Tell(Backup backup, Standing standing)
    {
        if (_told.Add(backup.Id))
        {
            var text = outcome.Already.Contains(backup.Id)
                ? $"already on {backup.Remote}, verified by {backup.VerifiedHow} at {Screen.Time(backup.VerifiedAt, zone)}"
                : $"to {backup.Remote}: {standing.Text}";
            (asJson ? Console.Error : Console.Out).WriteLine(Screen.Line($"{backup.Id} {backup.RemoteName} {text}"));
        }
    }
}
