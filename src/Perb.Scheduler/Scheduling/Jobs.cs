using Perb.ProxmoxClient;
using Perb.Scheduler.Discovery;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Store;
using Quartz;

namespace Perb.Scheduler.Scheduling;

/// <summary>Looks at the task list.</summary>
[DisallowConcurrentExecution]
internal sealed class PollJob(ArchiveDiscovery discovery, JobBoundary boundary) : IJob
{
    public ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default) =>
        new(boundary.RunAsync("poll", discovery.PollAsync, cancellationToken));
}

/// <summary>Lists everything, whatever polls saw.</summary>
[DisallowConcurrentExecution]
internal sealed class ReconcileJob(ArchiveDiscovery discovery, JobBoundary boundary) : IJob
{
    public ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default) =>
        new(boundary.RunAsync("reconcile", discovery.ReconcileAsync, cancellationToken));
}

/// <summary>
/// Where a round of discovery ends, however it ends: a node that is away is trouble that is shown until it is over, and the clock goes on.
/// </summary>
internal sealed class JobBoundary(StatusStore status, ILogger<JobBoundary> logger)
{
    /// <summary>The trouble's name.</summary>
    public const string Subject = "proxmox";

    public async Task RunAsync(string job, Func<CancellationToken, Task> round, CancellationToken cancellationToken)
    {
        try
        {
            await round(cancellationToken);
            if (await status.ClearAsync(Subject, cancellationToken))
            {
                logger.TroubleOver(Subject);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The service is stopping.
        }
        catch (ProxmoxException exception)
        {
            if (await status.RaiseAsync(Subject, exception.Message, CancellationToken.None))
            {
                logger.TroubleBegan(LogLevel.Warning, Subject, exception.Message);
            }
        }
#pragma warning disable CA1031 // The clock must go on ticking; the failure is logged with its stack.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            logger.JobStumbled(exception, job);
        }
    }
}
