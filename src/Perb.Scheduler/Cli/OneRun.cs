using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Perb.Scheduler.Notes;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Pipeline;
using Perb.Scheduler.Scheduling;
using Perb.Scheduler.Store;
using Perb.Scheduler.Wishes;

namespace Perb.Scheduler.Cli;

/// <summary>A command's run over what can be shipped now, with progress, and with an ear for what other commands ask for meanwhile.</summary>
internal static class OneRun
{
    /// <param name="host">Of whoever owns the state directory.</param>
    /// <param name="only">Null: everything. Otherwise the ids of the backups that are shipped.</param>
    /// <param name="cancellationToken">Stops the workers.</param>
    public static async Task<ShippingResult> ShipAsync(IHost host, IReadOnlyCollection<long>? only, CancellationToken cancellationToken)
    {
        await host.Services.GetRequiredService<OpenWishes>().CarryOutAsync(WishRow.Quick, cancellationToken);
        IHostedService[] beside =
        [
            host.Services.GetRequiredService<ProgressLoop>(), host.Services.GetRequiredService<WishLoop>(), host.Services.GetRequiredService<HoldLoop>(),
        ];
        try
        {
            foreach (var loop in beside)
            {
                await loop.StartAsync(cancellationToken);
            }

            var workers = await WorkersAsync(host, only, cancellationToken);
            var startedAt = host.Services.GetRequiredService<TimeProvider>().GetUtcNow();
            var results = await Task.WhenAll(workers.Select(worker => worker.RunOnceAsync(only, startedAt, cancellationToken)));
            await host.Services.GetRequiredService<JobBoundary>().RunAsideAsync(
                "notes", host.Services.GetRequiredService<WriteNotes>().RunAsync, cancellationToken);
            return results.Aggregate(new ShippingResult(), (one, other) => one + other);
        }
        finally
        {
            // Whatever ends the run: none of them may work on when the lock is given back.
            foreach (var loop in beside)
            {
                await loop.StopAsync(CancellationToken.None);
            }
        }
    }

    // A remote that nothing is for is not even opened.
    private static async Task<IEnumerable<BackupWorker>> WorkersAsync(
        IHost host, IReadOnlyCollection<long>? only, CancellationToken cancellationToken)
    {
        var workers = host.Services.GetRequiredService<IReadOnlyList<BackupWorker>>();
        if (only is null)
        {
            return workers;
        }

        var watched = await host.Services.GetRequiredService<ByHandStore>().LookAsync(only, cancellationToken);
        return workers.Where(worker => watched.Any(one => one.Backup.Remote == worker.RemoteName));
    }
}
