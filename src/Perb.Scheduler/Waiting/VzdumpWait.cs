using Microsoft.Data.Sqlite;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Discovery;
using Perb.Scheduler.Store;
using Perb.Transfer;

namespace Perb.Scheduler.Waiting;

/// <summary>
/// Wait mode: follows the archives of one vzdump task until each is published on every remote, failed, or out of time, and tells the task
/// log how it goes. It only looks: at the spool, at the store, at who holds the state directory. The service does the work, and goes on
/// with it however this ends.
/// </summary>
public sealed class VzdumpWait(HookSpool spool, WaitOptions wait, PerbOptions options, TimeProvider time, TextWriter log)
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(1);

    /// <summary>After this long what the hook wrote just before is there.</summary>
    private static readonly TimeSpan UntilEventsAreThere = TimeSpan.FromSeconds(15);

    /// <summary>An upgrade of the package ends the service and starts it again.</summary>
    private static readonly TimeSpan UntilServiceIsBack = TimeSpan.FromSeconds(90);

    private static readonly TimeSpan ShortestUntilTakenUp = TimeSpan.FromMinutes(2);
    private const int PollsUntilTakenUp = 4;
    private const int BadLooks = 5;

    private readonly VzdumpArchives _archives = new(spool, wait.Worker, options.Discovery, time);
    private readonly StoreWindow _store = new(options.StorePath);
    private readonly List<BackupReport> _reports = [];
    private readonly long _beganAt = time.GetTimestamp();
    private int _badLooks;
    private TimeSpan? _servedAt; // since the wait began
    private bool _isServiceAwaited;

    /// <summary>Whether every copy is as it should be.</summary>
    /// <exception cref="OperationCanceledException">The task was stopped.</exception>
    public async Task<bool> IsGoodAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                if (await LookAsync(cancellationToken) is { } isGood)
                {
                    return isGood;
                }
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                return Fail($"the hook's events cannot be read: {exception.Message}");
            }
            catch (SqliteException) when (!StateDirectory.IsOwned(options.StateDirectory))
            {
                if (IsLeft())
                {
                    return FailUnserved();
                }
            }
            catch (SqliteException exception)
            {
                // It may be busy for a moment, say while the service starts.
                if (++_badLooks == BadLooks)
                {
                    return Fail($"the store {options.StorePath} cannot be read: {exception.Message}");
                }
            }

            if (time.GetElapsedTime(_beganAt) > wait.Longest)
            {
                return Fail(
                    $"not done within {Words(wait.Longest)} (WAIT_MAX in hook.conf): {Rest} not waited for any longer; the service goes on");
            }

            await Task.Delay(BetweenLooks, time, cancellationToken);
        }
    }

    /// <summary>Null: not over yet.</summary>
    private async Task<bool?> LookAsync(CancellationToken cancellationToken)
    {
        var now = time.GetElapsedTime(_beganAt); // before the look: a slow one must not use up the time in which the events may come
        await TakeAsync(cancellationToken);
        if (!_archives.IsComplete && now > UntilEventsAreThere)
        {
            return Fail(
                $"{spool.Directory} lacks the hook's event of this task's end: is it root's, has it room? What this task made is not waited for");
        }

        if (_reports.Any(IsPending))
        {
            var isServed = StateDirectory.IsOwned(options.StateDirectory); // before the look: what a service that ends now has done is seen
            await ReportAsync(now, isServed, cancellationToken);
            if (isServed)
            {
                (_servedAt, _isServiceAwaited) = (now, false);
            }
            else if (_reports.Any(IsPending) && IsLeft())
            {
                return FailUnserved();
            }
        }

        return _archives.IsComplete && !_reports.Any(IsPending) ? Sum() : null;
    }

    private async Task TakeAsync(CancellationToken cancellationToken)
    {
        foreach (var line in await _archives.ReadAsync(cancellationToken))
        {
            Say(line);
        }

        foreach (var archive in _archives.All.Skip(_reports.Count / options.Remotes.Count))
        {
            var polls = options.Discovery.Poll * PollsUntilTakenUp;
            var untilTakenUp = polls > ShortestUntilTakenUp ? polls : ShortestUntilTakenUp;
            _reports.AddRange(options.Remotes.Select(remote => new BackupReport(archive, remote.Name, untilTakenUp)));
        }
    }

    private async Task ReportAsync(TimeSpan now, bool isServed, CancellationToken cancellationToken)
    {
        var view = await _store.LookAsync([.. _archives.All.Select(archive => archive.Name)], isServed, cancellationToken);
        _badLooks = 0;

        // It may be in the middle of a restart when the wait begins.
        if (!isServed && view.PolledAt is { } polledAt && (time.GetUtcNow() - polledAt).Duration() <= UntilServiceIsBack + (2 * options.Discovery.Poll))
        {
            _servedAt ??= TimeSpan.Zero;
        }

        foreach (var copy in _reports.Where(IsPending))
        {
            if (copy.Next(view, now) is { } line)
            {
                Say(line);
            }
        }
    }

    private bool Sum()
    {
        var failed = _reports.Count(copy => copy.Outcome == BackupOutcome.Failed);
        if (failed > 0)
        {
            return Fail($"{failed} of {_reports.Count} copies failed; perb status says more");
        }

        Say(_reports.Count == 0 ? "nothing of this task is to be shipped" : "all copies of this task are done");
        return true;
    }

    private string Rest => _reports.Where(IsPending).Select(copy => copy.Name).ToList() switch
    {
        [] => "what this task made is",
        [var only] => $"{only} is",
        [var first, ..] more => $"{first} and {more.Count - 1} more are",
    };

    private static string Words(TimeSpan duration) => duration.TotalHours >= 1 ? $"{duration.TotalHours:0.#} h" : $"{duration.TotalMinutes:0.#} min";

    private static bool IsPending(BackupReport copy) => copy.Outcome == BackupOutcome.Pending;

    // A service that was not seen here, nor has looked for archives just before, is not about to come back.
    private bool IsLeft()
    {
        if (_servedAt is not { } servedAt || time.GetElapsedTime(_beganAt) - servedAt > UntilServiceIsBack)
        {
            return true;
        }

        if (!_isServiceAwaited)
        {
            _isServiceAwaited = true;
            Say($"the service is not running any more; it is given {UntilServiceIsBack.TotalSeconds:0} s to come back");
        }

        return false;
    }

    private bool FailUnserved() =>
        Fail($"the service is not running (systemctl status perb): {Rest} not waited for, but caught up when it runs");

    private bool Fail(string text)
    {
        Say($"ERROR: {text}");
        return false;
    }

    private void Say(string line) => log.WriteLine($"perb: {Printable.Clean(line, 2000)}");
}
