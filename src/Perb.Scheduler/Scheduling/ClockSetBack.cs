using Microsoft.Extensions.Hosting;
using Perb.Scheduler.Observability;
using Quartz;

namespace Perb.Scheduler.Scheduling;

/// <summary>
/// Quartz keeps the next time of each trigger by the wall clock. Where that is set back (a hardware clock that was a year ahead, corrected after
/// the start) nothing would run before the old time comes again; so all triggers begin anew.
/// </summary>
internal sealed class ClockSetBack(ISchedulerFactory schedulers, TimeProvider time, ILogger<ClockSetBack> logger) : BackgroundService
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(1);

    private (DateTimeOffset Wall, long Steady) _last = (time.GetUtcNow(), time.GetTimestamp());

    public async Task LookAsync(CancellationToken cancellationToken)
    {
        var now = (Wall: time.GetUtcNow(), Steady: time.GetTimestamp());
        var jump = now.Wall - _last.Wall - time.GetElapsedTime(_last.Steady, now.Steady);
        _last = now;
        if (jump > -Tolerance)
        {
            return;
        }

        logger.ClockSetBack(jump.Negate());
        var scheduler = await schedulers.GetScheduler(cancellationToken);
        foreach (var key in await scheduler.GetTriggerKeys(GroupMatcher<TriggerKey>.AnyGroup(), cancellationToken))
        {
            if (await scheduler.GetTrigger(key, cancellationToken) is { } trigger)
            {
                await scheduler.RescheduleJob(key, trigger.GetTriggerBuilder().StartAt(time.GetUtcNow()).Build(), cancellationToken);
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(BetweenLooks, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await LookAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The service is stopping.
        }
    }
}
