using Microsoft.Data.Sqlite;
using Perb.ProxmoxClient;
using Perb.Scheduler.Discovery;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Notes;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Retention;
using Perb.Scheduler.Verifying;
using Perb.Transfer;
using Quartz;

namespace Perb.Scheduler.Scheduling;

/// <summary>Looks at the task list.</summary>
[DisallowConcurrentExecution]
internal sealed class PollJob(ArchiveDiscovery discovery, JobBoundary boundary) : IJob
{
    public ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default) =>
        new(boundary.RunAsync("poll", discovery.PollAsync, cancellationToken));
}

/// <summary>Lists everything, whatever polls saw, and looks after what only time changes.</summary>
[DisallowConcurrentExecution]
internal sealed class ReconcileJob(ArchiveDiscovery discovery, ViewCheck view, HookScript hook, KeyExpiry expiry, JobBoundary boundary) : IJob
{
    public ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default) =>
        new(boundary.RunAsync("reconcile", ReconcileAsync, cancellationToken));

    private async Task ReconcileAsync(CancellationToken cancellationToken)
    {
        await expiry.CheckAsync(cancellationToken);
        await discovery.ReconcileAsync(cancellationToken);
        await view.RunAsync(cancellationToken);
        await hook.CheckAsync(cancellationToken);
    }
}

/// <summary>Prunes one remote; its name is in the job's data.</summary>
[DisallowConcurrentExecution]
internal sealed class PruneJob(PruneRemote prune, PerbOptions options, JobBoundary boundary) : IJob
{
    public const string RemoteKey = "remote";

    public ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default)
    {
        var remote = options.Remotes.Single(remote => remote.Name == context.MergedJobDataMap.GetString(RemoteKey));
        return new(boundary.RunAsideAsync($"prune of {remote.Name}", token => prune.RunAsync(remote, guest: null, isApproved: false, token), cancellationToken));
    }
}

/// <summary>Checks a share of one remote; its name is in the job's data.</summary>
[DisallowConcurrentExecution]
internal sealed class VerifyJob(VerifyRemote verify, PerbOptions options, JobBoundary boundary) : IJob
{
    public ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default)
    {
        var remote = options.Remotes.Single(remote => remote.Name == context.MergedJobDataMap.GetString(PruneJob.RemoteKey));
        return new(boundary.RunAsideAsync(
            $"verification of {remote.Name}",
            token => verify.RunAsync(remote, new VerifyOrder(null, VerifyRemote.Share, IsDownload: false, IsApproved: false), token),
            cancellationToken));
    }
}

/// <summary>Writes notes, beside everything else: a node that is slow to take them holds up no poll.</summary>
[DisallowConcurrentExecution]
internal sealed class NotesJob(WriteNotes notes, JobBoundary boundary) : IJob
{
    public ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default) =>
        new(boundary.RunAsideAsync("notes", notes.RunAsync, cancellationToken));
}

/// <summary>
/// Where a round of discovery ends, however it ends: what went wrong is trouble that is shown until a round succeeds, and the clock goes on.
/// </summary>
internal sealed class JobBoundary(Troubles troubles, Heartbeat heartbeat, ILogger<JobBoundary> logger)
{
    /// <summary>The trouble of a node that is away.</summary>
    public const string Subject = Troubles.Proxmox;

    /// <summary>The trouble of a round that ended in a way that nobody foresaw.</summary>
    public const string RoundSubject = "discovery round";

    public async Task RunAsync(string job, Func<CancellationToken, Task> round, CancellationToken cancellationToken)
    {
        try
        {
            await round(cancellationToken);
            await troubles.SetAsync(Subject, null, cancellationToken);
            await troubles.SetAsync(RoundSubject, null, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The service is stopping.
        }
        catch (ProxmoxException exception)
        {
            await ShowAsync(Subject, exception.Message, needsPerson: !exception.IsTransient);
        }
#pragma warning disable CA1031 // The clock must go on ticking; the failure is logged with its stack.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            await StumbledAsync(RoundSubject, job, exception);
        }
        finally
        {
            heartbeat.Beat();
        }
    }

    /// <summary>For what nothing else may suffer from, and whose success says nothing about the node.</summary>
    public async Task RunAsideAsync(string job, Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        try
        {
            await work(cancellationToken);
            await troubles.SetAsync(SubjectOf(job), null, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The service is stopping.
        }
#pragma warning disable CA1031 // As above.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            await StumbledAsync(SubjectOf(job), job, exception);
        }
    }

    private Task StumbledAsync(string subject, string job, Exception exception)
    {
        logger.JobStumbled(exception, job);
        return ShowAsync(subject, $"the {job} stumbled: {Printable.Clean(exception.Message, 500)}; the log has more");
    }

    private async Task ShowAsync(string subject, string text, bool needsPerson = false)
    {
        try
        {
            await troubles.SetAsync(subject, text, CancellationToken.None, needsPerson);
        }
        catch (SqliteException exception)
        {
            logger.TroubleUnrecorded(exception, subject, text);
        }
    }

    private static string SubjectOf(string job) => $"job {job}";
}
