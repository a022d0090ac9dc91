using Microsoft.Extensions.Hosting;
using Perb.Scheduler.Discovery;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Pipeline;

namespace Perb.Scheduler.Scheduling;

/// <summary>Lets an event of the hook lead to a look at the node at once. A flood of them leads to one look after the other, not to one each.</summary>
internal sealed class HookLoop(
    HookEvents hook, ArchiveDiscovery discovery, JobBoundary boundary, TimeProvider time, ILogger<HookLoop> logger) : BackgroundService
{
    private static readonly TimeSpan BetweenRenewals = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(200);

    private readonly WakeUp _bell = new();
    private string? _deafness;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var watch = new SpoolWatch(hook.Directory, "*.event", _bell.Ring);
        while (!stoppingToken.IsCancellationRequested)
        {
            var rung = _bell.Next; // taken before looking: a ring in between is not lost
            Renew(watch);
            await rung.WaitAsync(BetweenRenewals, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (rung.IsCompleted)
            {
                await boundary.RunAsync("look at the hook's events", discovery.HearAsync, stoppingToken);
                await Task.Delay(BetweenLooks, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private void Renew(SpoolWatch watch)
    {
        try
        {
            watch.Renew();
            _deafness = null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            if (_deafness != exception.Message)
            {
                _deafness = exception.Message;
                logger.SpoolUnwatched(hook.Directory, exception.Message);
            }
        }
    }
}
