using Microsoft.Data.Sqlite;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Store;
using Perb.Scheduler.Wishes;

namespace Perb.Scheduler.Cli;

/// <summary>Asks whoever holds the state directory's lock for something, and tells what comes of it.</summary>
internal sealed class WishFollower(Settings settings, Wish wish, bool asJson)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    private readonly TimeProvider _time = TimeProvider.System;
    private readonly TerminalLine _terminal = Logging.OpenTerminal(LogTarget.StandardError);

    private TimeZoneInfo Zone => settings.Options.TimeZone;

    private bool IsServed => StateDirectory.IsOwned(settings.Options.StateDirectory);

    public async Task<ExitCode> RunAsync(CancellationToken cancellationToken)
    {
        var database = await Database.OpenForReadingAsync(settings.Options.StorePath, cancellationToken);
        var wishes = new WishStore(database, _time);
        var id = await AskAsync(wishes, cancellationToken);
        try
        {
            return await OutcomeAsync(wishes, id, cancellationToken) switch
            {
                null => await Screen.SayAsync(
                    ExitCode.TryLater,
                    $"no perb works on {settings.Options.StateDirectory} any more; what you asked for is kept, the next one does it (perb run, perb once)"),
                { Faults.Count: > 0 } refused => await Screen.SayAsync(refused.Code, refused.Faults),
                { Document: { } document } done => await SayDocumentAsync(wish.Kind, done, document, asJson),
                var outcome => await FollowAsync(database, outcome, cancellationToken),
            };
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            _terminal.Show("");
            return await Screen.SayAsync(
                ExitCode.TryLater, "no longer followed; the service goes on with what you asked for, see perb status (to stop it: perb skip)");
        }
    }

    /// <summary>For wishes that are done when they have an outcome.</summary>
    public static Task<ExitCode> SayDocumentAsync(WishKind kind, WishOutcome outcome, string document, bool asJson)
    {
        if (kind == WishKind.Verify)
        {
            VerifyCommand.Print(document, asJson);
        }
        else
        {
            PruneCommand.Print(document, asJson);
        }

        return Screen.SayAsync(outcome.Code, outcome.Conflicts);
    }

    /// <summary>How each backup of a wish stands.</summary>
    public static async Task<IReadOnlyList<(WatchedBackup Watched, Standing Standing)>> LookAsync(
        ByHandStore store, StatusStore status, UploadStore uploads, WishOutcome outcome, bool isServed, TimeZoneInfo zone, CancellationToken cancellationToken)
    {
        var watched = await store.LookAsync(outcome.Backups, cancellationToken);
        var troubles = (await status.TroublesAsync(cancellationToken)).ToDictionary(trouble => trouble.Subject, trouble => trouble.Text);
        foreach (var held in await uploads.HeldAsync(cancellationToken))
        {
            troubles[Troubles.OfRemote(held.Remote)] = $"{held.Why}; nothing is sent before {Screen.Time(held.Until, zone)}";
        }

        var now = TimeProvider.System.GetUtcNow();
        return [.. watched.Select(one => (one, Standing.Of(one, TroubleOf(one.Backup.Remote, troubles), isServed, now, zone)))];
    }

    private static string? TroubleOf(string remote, Dictionary<string, string> troubles) =>
        troubles.TryGetValue(Troubles.OfRemote(remote), out var away) ? $"the remote: {away}"
        : troubles.TryGetValue(Troubles.OfStaging(remote), out var full) ? $"room in staging: {full}"
        : null;

    // What is being carried, however many wait; where none is, why the first one waits.
    private static string Progress(IReadOnlyList<(WatchedBackup Watched, Standing Standing)> all)
    {
        var open = all.Where(one => one.Standing.Outlook is Outlook.Underway or Outlook.Waits).ToList();
        var busy = open.Where(one => one.Watched.Activity is not null).DefaultIfEmpty(open[0]).ToList();
        var rest = open.Count > busy.Count ? $" | {open.Count - busy.Count} more" : "";
        return string.Join(
            " | ", busy.Select(one => Screen.Line($"{one.Watched.Backup.RemoteName} {one.Watched.Backup.Remote} {one.Standing.Text}"))) + rest;
    }

    private async Task<long> AskAsync(WishStore wishes, CancellationToken cancellationToken)
    {
        try
        {
            var id = await wishes.AppendAsync(wish, cancellationToken);
            WishBell.Ring(settings.Options.StateDirectory);
            return id;
        }
        catch (SqliteException exception)
            when (exception.SqliteErrorCode is SQLitePCL.raw.SQLITE_READONLY or SQLitePCL.raw.SQLITE_CANTOPEN or SQLitePCL.raw.SQLITE_PERM)
        {
            throw new ConfigurationException(
                $"the store {settings.Options.StorePath} cannot be written by {Environment.UserName}: run this as the user of the service");
        }
    }

    private async Task<WishOutcome?> OutcomeAsync(WishStore wishes, long id, CancellationToken cancellationToken)
    {
        while (true)
        {
            var isServed = IsServed; // asked first: one that ended after it recorded the outcome has recorded it
            if (await wishes.OutcomeOfAsync(id, cancellationToken) is { } outcome)
            {
                return outcome;
            }

            if (!isServed)
            {
                _terminal.Show("");
                return null;
            }

            _terminal.Show("asked the service");
            await Task.Delay(Interval, _time, cancellationToken);
        }
    }

    private async Task<ExitCode> FollowAsync(Database database, WishOutcome outcome, CancellationToken cancellationToken)
    {
        var (store, status, uploads) = (new ByHandStore(database, _time), new StatusStore(database, _time), new UploadStore(database, _time));
        var report = new WishReport(wish, outcome, Zone, asJson);
        while (true)
        {
            var isServed = IsServed;
            var all = await LookAsync(store, status, uploads, outcome, isServed, Zone, cancellationToken);
            _terminal.Show("");
            if (report.IsOver(all))
            {
                return report.Finish(all);
            }

            _terminal.Show(Progress(all));
            await Task.Delay(Interval, _time, cancellationToken);
        }
    }
}
