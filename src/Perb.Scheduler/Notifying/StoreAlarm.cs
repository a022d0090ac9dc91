using Microsoft.Data.Sqlite;
using Perb.Scheduler.Backups;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Store;

namespace Perb.Scheduler.Notifying;

/// <summary>
/// The one alarm that cannot be recorded: that the store takes nothing any more. It is kept in memory and handed to its entry without the queue;
/// after a restart it is told anew.
/// </summary>
internal sealed class StoreAlarm(INotifier notifier, RetryPolicy retry, PerbOptions options, TimeProvider time, ILogger<StoreAlarm> logger)
{
    private readonly AlarmSection _rules = options.Alarms with { Patience = TimeSpan.FromMinutes(5) };

    private IReadOnlyList<Alarm> _alarms = [];
    private DateTimeOffset? _announcedAt;
    private int _failures;
    private (long Since, TimeSpan For) _pause;

    /// <param name="fault">What a look ended with; null: it was whole.</param>
    /// <param name="cancellationToken">Stops sending.</param>
    public async Task LookedAsync(SqliteException? fault, CancellationToken cancellationToken)
    {
        if ((fault is null && _alarms.Count == 0) || time.GetElapsedTime(_pause.Since) < _pause.For)
        {
            return;
        }

        var now = time.GetUtcNow();
        var step = AlarmRules.Next(_alarms, fault is null ? [] : [Concern.Of(StoreFault.Of(fault))], _announcedAt, _rules, now);
        if (step.Announcement is { } announcement)
        {
            var message = NotificationText.Of(announcement, new Dictionary<string, Ending>(), options.Proxmox.Node, options.TimeZone, now);
            try
            {
                await notifier.SendAsync(message, cancellationToken);
            }
            catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
            {
                _pause = (time.GetTimestamp(), retry.BackOff(++_failures)); // what was not taken is told at a later look
                return;
            }

            (_announcedAt, _failures) = (now, 0);
            logger.Notified(notifier.Entry.Name, message.Title);
        }

        _alarms = step.Alarms;
    }
}
