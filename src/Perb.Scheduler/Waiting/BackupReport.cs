using Perb.Scheduler.Backups;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Store;

namespace Perb.Scheduler.Waiting;

/// <summary>How the carrying of one archive to one remote ended.</summary>
public enum BackupOutcome
{
    Pending,

    /// <summary>It is offsite, or a rule says that it is not to be.</summary>
    Good,

    Failed,
}

/// <summary>
/// Tells of one archive and one remote at a rate that a person bears: its end at once; else after some seconds, and then when half a
/// minute or a tenth of the way has passed. Pure: what the store says goes in with the time since the wait began, lines come out.
/// </summary>
/// <param name="archive">Whose.</param>
/// <param name="remote">Where to.</param>
/// <param name="untilTakenUp">After this long the service should have discovered it.</param>
public sealed class BackupReport(VzdumpArchive archive, string remote, TimeSpan untilTakenUp)
{
    public static readonly TimeSpan FirstLineAfter = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Usual = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan WhereNothingMoves = TimeSpan.FromMinutes(5);
    private const double Step = 0.1;

    private TimeSpan? _saidAt;
    private double _saidShare;
    private string _said = "";
    private TimeSpan? _knownSince;

    public BackupOutcome Outcome { get; private set; }

    /// <summary>What it is waited for, for the line that ends a wait too long.</summary>
    public string Name => $"{archive.Name.FileName} to {remote}";

    /// <summary>At most one line.</summary>
    public string? Next(StoreView view, TimeSpan now)
    {
        _knownSince ??= now;
        var backup = view.Backups.FirstOrDefault(row => row.Archive == archive.Name.FileName && row.Remote == remote);
        return backup?.State switch
        {
            null when now - _knownSince > untilTakenUp => End(
                BackupOutcome.Failed,
                $"the service has not taken it up{Because(view, Troubles.OfStorage(archive.Storage), Troubles.Proxmox, "discovery")}"),
            null => Wait("is yet to be discovered by the service", now),
            BackupState.Published when backup.Failure is null => End(
                BackupOutcome.Good, $"published, verified by {backup.VerifiedHow}, {ByteSize.Format(backup.SealedBytes)}"),
            BackupState.Pruned => End(BackupOutcome.Good, "published, and pruned there already"),
            BackupState.Skipped => End(BackupOutcome.Good, $"not shipped: {backup.Failure}"),
            BackupState.Published or BackupState.Failed or BackupState.Lost or BackupState.SourceMissing => End(
                BackupOutcome.Failed, $"{backup.State.Word()}: {backup.Failure ?? "see perb status"}"),
            _ when view.Activities.GetValueOrDefault(backup.Id) is { } activity => Progress(activity, now),
            _ when backup is { Failure: { } failure, Attempt: > 0 } => Wait($"waits, attempt {backup.Attempt} failed: {failure}", now),
            _ => Wait($"waits{Because(view, Troubles.OfRemote(remote), Troubles.OfStaging(remote))}", now),
        };
    }

    private static string Because(StoreView view, params string[] subjects) =>
        subjects.FirstOrDefault(view.Troubles.ContainsKey) is { } subject ? $": {subject}: {view.Troubles[subject]}" : "";

    private string End(BackupOutcome outcome, string text)
    {
        Outcome = outcome;
        return outcome == BackupOutcome.Failed ? $"ERROR: {Name}: {text}" : $"{Name}: {text}";
    }

    private string? Progress(Activity activity, TimeSpan now)
    {
        var share = ShareOf(activity);
        return Say($"{Name}: {activity.InWords()}", share - _saidShare >= Step ? Shortest : Usual, share, now);
    }

    // The same once more only after minutes; something else, such as another failure, soon.
    private string? Wait(string text, TimeSpan now) => Say($"{Name} {text}", _said == $"{Name} {text}" ? WhereNothingMoves : Shortest, _saidShare, now);

    private string? Say(string line, TimeSpan pause, double share, TimeSpan now)
    {
        if (now - _knownSince < FirstLineAfter || now - _saidAt < pause)
        {
            return null;
        }

        (_saidAt, _saidShare, _said) = (now, share, line);
        return line;
    }

    /// <summary>Of the whole way: sealing is one half of a volume's, uploading the other.</summary>
    private static double ShareOf(Activity activity)
    {
        var step = activity.TotalBytes > 0 ? (double)activity.DoneBytes / activity.TotalBytes : 1;
        var volume = activity.Step == "seal" ? step / 2 : 0.5 + (step / 2);
        return (activity.Volume - 1 + volume) / Math.Max(1, activity.VolumeCount);
    }
}
