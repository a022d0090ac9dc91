using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Hosting;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Store;

namespace Perb.Scheduler.Pipeline;

/// <summary>Looks after the held archives: closes what is sealed or no longer wanted, and what a disk has no room for.</summary>
public sealed class HoldLoop(HeldArchives held, DiscoveryStore store, TimeProvider time, ILogger<HoldLoop> logger) : BackgroundService
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(10);

    public async Task LookAsync(CancellationToken cancellationToken)
    {
        var files = held.Files; // taken before the store is asked: what is held since then is none of this look's business
        if (files.Count > 0)
        {
            var unsealed = await store.UnsealedAsync(cancellationToken);
            held.Release(files.Where(file => !unsealed.Contains(file)));
            held.ReleaseBelowFloor();
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(BetweenLooks, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await LookOrSayAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The service is stopping.
        }
    }

    private async Task LookOrSayAsync(CancellationToken cancellationToken)
    {
        try
        {
            await LookAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is SqliteException or IOException or UnauthorizedAccessException)
        {
            logger.HoldUntended(exception.Message); // full, busy or away for a moment: the next look does it
        }
    }
}
