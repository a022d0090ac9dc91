using Microsoft.Extensions.Hosting;
using Perb.Scheduler.Pipeline;

namespace Perb.Scheduler.Observability;

/// <summary>
/// Gives memory back to the guests: once after the start and once after each time of work, never while something is carried. The
/// collector alone would keep what the last busy minute needed, since an idle service allocates too little to make it look.
/// </summary>
public sealed class IdleMemory(Activities activities, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private bool _isDue = true;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            if (IsTimeToTrim())
            {
                Trim();
            }
        }
    }

    /// <summary>True once for each time of work, at the first look after it; what happened between two looks counts as none.</summary>
    internal bool IsTimeToTrim()
    {
        var isBusy = activities.Current.Count > 0;
        var isTime = _isDue && !isBusy;
        _isDue = isBusy;
        return isTime;
    }

    private static void Trim() => GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
}
