using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Hosting;
using Perb.Scheduler.Backups;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Pipeline;
using Perb.Scheduler.Store;
using Perb.Transfer;

namespace Perb.Scheduler.Notifying;

/// <summary>
/// Looks for what people have to be told, and delivers it: beside everything else, so that nothing waits for it, each entry by itself, so that
/// one that hangs holds up no other.
/// </summary>
internal sealed class NotifyLoop(
    Notifiers notifiers,
    LookForAlarms look,
    AlarmStore store,
    Troubles troubles,
    Activities activities,
    Heartbeat heartbeat,
    RetryPolicy retry,
    PerbOptions options,
    TimeProvider time,
    ILoggerFactory loggers) : BackgroundService
{
    // Healthchecks keeps 100 kB.
    private const int TailLines = 50;
    private const int LongestLine = 500;

    private static readonly TimeSpan LongestNap = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ShortestNap = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestFirstRound = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan AfterStumble = TimeSpan.FromMinutes(1);

    private readonly WakeUp _looked = new();
    private readonly List<StoreAlarm> _storeAlarms =
        [.. notifiers.OfMessages.Select(notifier => new StoreAlarm(notifier, retry, options, time, loggers.CreateLogger<StoreAlarm>()))];

    private readonly ILogger<NotifyLoop> _logger = loggers.CreateLogger<NotifyLoop>();
    private AlarmLook? _latest;

    private TimeSpan Nap => options.Alarms.Gather < ShortestNap ? ShortestNap : options.Alarms.Gather < LongestNap ? options.Alarms.Gather : LongestNap;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await SupervisedAsync(ForgetOthersAsync, stoppingToken);
        if (notifiers.All.Count > 0)
        {
            await Task.WhenAll(
            [
                LookAgainAndAgainAsync(stoppingToken),
                .. notifiers.OfMessages.Select(notifier => DeliverAsync(notifier, stoppingToken)),
                .. notifiers.Pings.Select(ping => PingAsync(ping, stoppingToken)),
            ]);
        }
    }

    // What an entry suffered from that is not there any more is nobody's trouble.
    private async Task<TimeSpan> ForgetOthersAsync(CancellationToken cancellationToken)
    {
        var entries = notifiers.All.Select(notifier => notifier.Entry.Name).ToList();
        await store.ForgetOthersAsync(entries, cancellationToken);
        await troubles.EndAllButAsync(Troubles.OfNotification(""), entries.Select(Troubles.OfNotification).ToHashSet(), cancellationToken);
        return TimeSpan.Zero;
    }

    // What an earlier life left is judged only after this one has asked the node; but a node that hangs is something to be told of, too.
    private async Task LookAgainAndAgainAsync(CancellationToken stopping)
    {
        await heartbeat.First.WaitAsync(LongestFirstRound, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await RepeatAsync(LookAsync, stopping);
    }

    private async Task<TimeSpan> LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            _latest = await look.RunAsync([.. notifiers.OfMessages.Select(notifier => notifier.Entry)], cancellationToken);
        }
        catch (SqliteException exception)
        {
            await TellOfStoreAsync(exception, cancellationToken);
            throw;
        }

        await TellOfStoreAsync(null, cancellationToken);
        _looked.Ring();
        return Nap;
    }

    private Task TellOfStoreAsync(SqliteException? fault, CancellationToken cancellationToken) =>
        Task.WhenAll(_storeAlarms.Select(alarm => alarm.LookedAsync(fault, cancellationToken)));

    private Task DeliverAsync(INotifier notifier, CancellationToken stopping)
    {
        var delivery = new Delivery(notifier, store, troubles, retry, options.TimeZone, time, loggers.CreateLogger<Delivery>());
        return RepeatAsync(
            async token =>
            {
                var looked = _looked.Next; // taken before looking: a message in between is not lost
                var wait = await delivery.RunAsync(token);
                await looked.WaitAsync(wait ?? Timeout.InfiniteTimeSpan, time, token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                return TimeSpan.Zero;
            },
            stopping);
    }

    private Task PingAsync(DeadManPing ping, CancellationToken stopping)
    {
        var state = PingState.None;
        var failures = 0;
        return RepeatAsync(
            async token =>
            {
                await _looked.Next.WaitAsync(token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (_latest is not { } latest || token.IsCancellationRequested)
                {
                    return TimeSpan.Zero;
                }

                var (now, isBusy) = (time.GetUtcNow(), activities.Current.Count > 0);
                var signal = PingRules.Next(state, latest.IsSafe, isBusy, ping.Entry.Interval, now);
                try
                {
                    if (signal is { } due)
                    {
                        var tail = await store.TailAsync(TailLines, token);
                        await ping.SignalAsync(due, $"{latest.Summary}\n\n{string.Join('\n', tail.Select(line => Printable.Clean(line, LongestLine)))}\n", token);
                        await troubles.SetAsync(Troubles.OfNotification(ping.Entry.Name), null, token);
                    }

                    (state, failures) = (PingRules.After(state, signal, isBusy, now), 0);
                    return TimeSpan.Zero;
                }
                catch (NotifyException exception)
                {
                    await troubles.SetAsync(Troubles.OfNotification(ping.Entry.Name), exception.Message, token);
                    return retry.BackOff(++failures);
                }
            },
            stopping);
    }

    private async Task RepeatAsync(Func<CancellationToken, Task<TimeSpan>> round, CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            var pause = await SupervisedAsync(round, stopping);
            await Task.Delay(pause, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<TimeSpan> SupervisedAsync(Func<CancellationToken, Task<TimeSpan>> round, CancellationToken stopping)
    {
        try
        {
            return await round(stopping);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return TimeSpan.Zero;
        }
#pragma warning disable CA1031 // Nobody would be told of anything any more, and the service would end for it; the failure is logged with its stack.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _logger.NotifyingStumbled(exception);
            return AfterStumble;
        }
    }
}
