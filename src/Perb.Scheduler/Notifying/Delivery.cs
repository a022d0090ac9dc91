using Perb.Scheduler.Backups;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Store;
using Perb.Transfer;

namespace Perb.Scheduler.Notifying;

/// <summary>
/// Delivers the messages of one entry in their order, each until it is taken: with back-off, for a week. One that is refused for what it is (too
/// long, say) holds up no other; what gathers behind one that fails is told as one. Whatever is wrong with an entry is trouble that others tell
/// of, until nothing that failed waits any more. A message may arrive twice where Perb dies right after sending it, never not at all.
/// </summary>
internal sealed class Delivery(
    INotifier notifier, AlarmStore store, Troubles troubles, RetryPolicy retry, TimeZoneInfo zone, TimeProvider time, ILogger<Delivery> logger)
{
    private static readonly TimeSpan GivenUpAfter = TimeSpan.FromDays(7);

    private readonly HashSet<long> _unwanted = []; // for what they are: those behind them are tried
    private long? _sent; // if that could not be recorded it is removed later, and not sent again

    private string Entry => notifier.Entry.Name;

    /// <summary>Sends all that can be sent now.</summary>
    /// <returns>When it is worth trying again; null: nothing waits.</returns>
    public async Task<TimeSpan?> RunAsync(CancellationToken cancellationToken)
    {
        await EndTroubleAsync(cancellationToken); // what failed may have made room for newer messages
        var (later, soonest) = (new HashSet<long>(), (TimeSpan?)null);
        while (await store.OldestAsync(Entry, later, cancellationToken) is { } next)
        {
            var wait = next.NextAttemptAt - time.GetUtcNow();
            var isDue = wait is not { } left || left <= TimeSpan.Zero || left > RetryPolicy.LongestWait; // the last: the clock was turned back
            if ((isDue ? await TryAsync(next, cancellationToken) : wait) is { } pause)
            {
                soonest = soonest < pause ? soonest : pause;
                if (!_unwanted.Contains(next.Id))
                {
                    return soonest;
                }

                later.Add(next.Id);
            }
        }

        return soonest;
    }

    /// <returns>Null: it is done with.</returns>
    private async Task<TimeSpan?> TryAsync(QueuedNotification next, CancellationToken cancellationToken)
    {
        var failure = next.Id == _sent ? null : await FailureOfAsync(next.Content, cancellationToken);
        if (failure is null)
        {
            _sent = next.Id;
            await store.RemoveAsync(next.Id);
            logger.Notified(Entry, next.Content.Title);
            await EndTroubleAsync(CancellationToken.None);
            return null;
        }

        if (time.GetUtcNow() - next.MadeAt > GivenUpAfter)
        {
            await store.RemoveAsync(next.Id);
            logger.NotificationGivenUp(Entry, next.Content.Title, failure.Message);
            await EndTroubleAsync(CancellationToken.None);
            return null;
        }

        _ = failure.IsOfMessage && _unwanted.Add(next.Id);
        var pause = retry.BackOff(next.Attempt + 1);
        await store.PostponeAsync(next.Id, time.GetUtcNow() + pause, failure.Message);
        await troubles.SetAsync(Troubles.OfNotification(Entry), $"messages wait, the last attempt failed: {failure.Message}", CancellationToken.None);
        if (!failure.IsOfMessage)
        {
            await GatherAsync(next.Id, cancellationToken);
        }

        return pause;
    }

    private async Task EndTroubleAsync(CancellationToken cancellationToken)
    {
        var failed = await store.FailedAsync(Entry, cancellationToken);
        _unwanted.IntersectWith(failed);
        if (failed.Count == 0)
        {
            await troubles.SetAsync(Troubles.OfNotification(Entry), null, cancellationToken);
        }
    }

    // Half of it is not true any more when the receiver is there again, and nobody wants to read a day's worth of it at once.
    private async Task GatherAsync(long from, CancellationToken cancellationToken)
    {
        List<QueuedNotification> waiting =
        [
            .. (await store.WaitingAsync(Entry, cancellationToken)).Where(message =>
                message.Id >= from && !_unwanted.Contains(message.Id)
                && message.Content.Kind is NotificationKind.Alarm or NotificationKind.Over or NotificationKind.Reminder),
        ];
        if (waiting.Count > 1 && waiting[0].Id == from && NotificationText.Merged([.. waiting.Select(message => message.Content)], zone) is { } one)
        {
            await store.ReplaceAsync(waiting, one);
        }
    }

    private async Task<NotifyException?> FailureOfAsync(Notification message, CancellationToken cancellationToken)
    {
        try
        {
            await notifier.SendAsync(message, cancellationToken);
            return null;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (NotifyException exception)
        {
            return exception;
        }
#pragma warning disable CA1031 // What nobody thought of must not hold up what waits behind it for ever: it is retried and given up as all else.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return new NotifyException(Printable.Clean($"{exception.GetType().Name}: {exception.Message}"));
        }
    }
}
