using System.Net.Sockets;
using Microsoft.Extensions.Hosting;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Observability;

namespace Perb.Scheduler.StatusPage;

/// <summary>
/// Serves the status page and metrics where that is configured, and nothing else depends on it: an address that cannot be had is trouble, not
/// the end of the service.
/// </summary>
internal sealed class StatusServer(
    PerbOptions options, PageSecrets secrets, PageAnswers answers, Troubles troubles, TimeProvider time, ILoggerFactory loggers) : BackgroundService
{
    private static readonly TimeSpan BeforeRetry = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan BetweenChecks = TimeSpan.FromHours(1);

    private readonly ILogger<StatusServer> _logger = loggers.CreateLogger<StatusServer>();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await ServeAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception) when (exception is IOException or SocketException)
            {
                await ShowAsync($"{options.Status.Listen} cannot be listened on: {exception.Message}");
            }
#pragma warning disable CA1031 // Nothing else may suffer from it; the failure is logged with its stack.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                _logger.StatusPageStumbled(exception);
            }

            await Task.Delay(BeforeRetry, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ServeAsync(CancellationToken stopping)
    {
        await using var site = options.Status.Listen is null ? null : await PageSite.StartAsync(options.Status, secrets, answers, loggers, stopping);
        if (site is not null)
        {
            _logger.StatusPageServed(site.Url);
        }

        using var timer = new PeriodicTimer(BetweenChecks, time);
        do
        {
            await troubles.SetAsync(Troubles.StatusPage, secrets.Certificate?.Trouble(_logger), stopping);
        }
        while (await timer.WaitForNextTickAsync(stopping));
    }

    private async Task ShowAsync(string text)
    {
        try
        {
            await troubles.SetAsync(Troubles.StatusPage, text, CancellationToken.None);
        }
        catch (Microsoft.Data.Sqlite.SqliteException)
        {
            // The store itself is the trouble; the rounds say so.
        }
    }
}
