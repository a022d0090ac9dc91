using Microsoft.Extensions.Hosting;

namespace Perb.Scheduler.Pipeline;

/// <summary>Runs the workers of all remotes for as long as the service lives.</summary>
public sealed class ShippingLoops(IReadOnlyList<BackupWorker> workers) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(workers.Select(worker => worker.RunAsync(stoppingToken)));
}
