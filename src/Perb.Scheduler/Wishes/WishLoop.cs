using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Hosting;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Pipeline;

namespace Perb.Scheduler.Wishes;

/// <summary>Carries out wishes at once while somebody holds the state directory's lock: at the bell, and as a safety net as often as it polls.</summary>
public sealed class WishLoop(OpenWishes wishes, PerbOptions options, TimeProvider time, ILogger<WishLoop> logger) : BackgroundService
{
    private readonly WakeUp _bell = new();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var watcher = TryListen();
        await Task.WhenAll(CarryOutAsync(WishRow.Quick, stoppingToken), CarryOutAsync(WishRow.Slow, stoppingToken));
    }

    private async Task CarryOutAsync(WishRow row, CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var rung = _bell.Next; // taken before looking: a ring in between is not lost
            try
            {
                await wishes.CarryOutAsync(row, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (SqliteException exception)
            {
                logger.WishesUnread(exception, options.Discovery.Poll); // full or busy: the wishes stay, and so does their order
            }

            await rung.WaitAsync(options.Discovery.Poll, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private IDisposable? TryListen()
    {
        try
        {
            return WishBell.Listen(options.StateDirectory, _bell.Ring);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            logger.WishBellMissing(exception.Message, options.Discovery.Poll);
            return null;
        }
    }
}
