using Perb.Scheduler.Backups;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Store;
using Perb.Transfer;

namespace Perb.Scheduler.Notifying;

/// <summary>
/// Delivers the messages of one entry in their order, each until it is taken: with back-off, for a week. Whatever is wrong with an entry is
/// trouble that others tell of. A message may arrive twice where Perb dies right after sending it, never not at all.
/// </summary>
internal sealed class Delivery(INotifier notifier, AlarmStore store, Troubles troubles, RetryPolicy retry, TimeProvider time, ILogger<Delivery> logger)
{
    private static readonly TimeSpan GivenUpAfter = TimeSpan.FromDays(7);

    private string Entry => notifier.Entry.Name;

    /// <summary>Sends all that can be sent now.</summary>
    /// <returns>When it is worth trying again; null: nothing waits.</returns>
    public async Task<TimeSpan?> RunAsync(CancellationToken cancellationToken)
    {
        while (await store.OldestAsync(Entry, cancellationToken) is { } next)
        {
            var wait = next.NextAttemptAt - time.GetUtcNow();
            if (wait > TimeSpan.Zero && wait <= RetryPolicy.LongestWait) // else the clock was turned back
            {
                return wait;
            }

            if (await FailureOfAsync(next.Content, cancellationToken) is not { } failure)
            {
                await store.RemoveAsync(next.Id);
                logger.Notified(Entry, next.Content.Title);
                await troubles.SetAsync(Troubles.OfNotification(Entry), null, CancellationToken.None);
            }
            else if (time.GetUtcNow() - next.MadeAt > GivenUpAfter)
            {
                await store.RemoveAsync(next.Id);
                logger.NotificationGivenUp(Entry, next.Content.Title, failure);
            }
            else
            {
                var pause = retry.BackOff(next.Attempt + 1);
                await store.PostponeAsync(next.Id, time.GetUtcNow() + pause, failure);
                await troubles.SetAsync(Troubles.OfNotification(Entry), $"messages wait, the last attempt failed: {failure}", CancellationToken.None);
                return pause;
            }
        }

        return null;
    }

    private async Task<string?> FailureOfAsync(Notification message, CancellationToken cancellationToken)
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
            return exception.Message;
        }
#pragma warning disable CA1031 // What nobody thought of must not hold up what waits behind it for ever: it is retried and given up as all else.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return Printable.Clean($"{exception.GetType().Name}: {exception.Message}");
        }
    }
}
