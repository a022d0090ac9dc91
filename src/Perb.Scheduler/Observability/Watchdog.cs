using System.Globalization;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Systemd;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Store;

namespace Perb.Scheduler.Observability;

/// <summary>
/// Feeds systemd's watchdog while there is progress: discovery's rounds come to an end, well or not, and the store answers. Where neither
/// does any more, feeding stops, and systemd ends the service and starts it anew. Uploads have a watch of their own (Rclone:StallTimeout).
/// </summary>
/// <remarks>The hosting library tells systemd READY and STOPPING, and nothing in between.</remarks>
public sealed class Watchdog(ISystemdNotifier systemd, Heartbeat heartbeat, StatusStore store, PerbOptions options, TimeProvider time, ILogger<Watchdog> logger)
    : BackgroundService
{
    /// <summary>A round may list thousands of archives on a slow share, and wait for a mount that does not answer.</summary>
    private static readonly TimeSpan LongestRound = TimeSpan.FromMinutes(30);

    private static readonly ServiceState Alive = new("WATCHDOG=1");

    /// <summary>Null: nobody watches.</summary>
    internal TimeSpan? Interval { get; init; } = IntervalOfEnvironment();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (Interval is not { } interval)
        {
            return;
        }

        using var timer = new PeriodicTimer(interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            if (heartbeat.Silence > LongestRound + options.Discovery.Poll)
            {
                logger.WatchdogStarves(heartbeat.Silence);
                return;
            }

            if (await AnswersAsync(stoppingToken))
            {
                systemd.Notify(Alive);
            }
        }
    }

    private async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        try
        {
            await store.TimeOfAsync("last poll", cancellationToken);
            return true;
        }
        catch (SqliteException)
        {
            return false; // the rounds say what is wrong with it
        }
    }

    // sd_watchdog_enabled(3): in microseconds, for one process; half of it is what the manual advises, a third leaves room for one late tick.
    private static TimeSpan? IntervalOfEnvironment() =>
        long.TryParse(Environment.GetEnvironmentVariable("WATCHDOG_USEC"), NumberStyles.None, CultureInfo.InvariantCulture, out var microseconds)
        && microseconds > 0
        && Environment.GetEnvironmentVariable("WATCHDOG_PID") is var process
        && (process is null || process == Environment.ProcessId.ToString(CultureInfo.InvariantCulture))
            ? TimeSpan.FromMicroseconds(microseconds / 3.0)
            : null;
}
