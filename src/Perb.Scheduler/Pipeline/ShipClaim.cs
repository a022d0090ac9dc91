using Perb.Scheduler.Backups;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Monitoring;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Store;

namespace Perb.Scheduler.Pipeline;

/// <summary>
/// Runs the pipeline for one claim and records how it ended: published, handed back, to be tried again, or for a person. It catches
/// everything: the worker has to outlive it.
/// </summary>
public sealed class ShipClaim(
    PipelineStore store,
    BackupPipeline pipeline,
    LeaseKeeper leaseKeeper,
    RetryPolicy retry,
    ShippingMetrics metrics,
    PerbOptions options,
    TimeProvider time,
    ILogger<ShipClaim> logger)
{
    /// <returns>Null: published. Otherwise what failed; it is recorded.</returns>
    public async Task<Failure?> RunAsync(Claim claim, ReadyRemote remote, CancellationToken cancellationToken)
    {
        var backup = claim.Backup;
        using var scope = logger.BeginScope(new Dictionary<string, object>
        {
            ["BackupId"] = backup.Id,
            ["Guest"] = backup.Guest,
            ["Archive"] = backup.Archive,
        });
        try
        {
            var startedAt = time.GetTimestamp();
            var how = await leaseKeeper.RunAsync(claim, token => pipeline.ShipAsync(claim, remote, token), cancellationToken);
            metrics.Published(remote.Remote.Name);
            logger.BackupPublished(
                backup.RemoteName,
                remote.Remote.Name,
                how.Word(),
                ByteSize.Format(backup.SizeBytes),
                time.GetElapsedTime(startedAt).ToString(@"hh\:mm\:ss\.f"));
            return null;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await store.ReleaseAsync(claim, "the service is stopping");
            throw;
        }
        catch (Exception exception) when (exception is HeldBackException or RemoteRefusedException)
        {
            return await HandBackAsync(claim, exception);
        }
        catch (LeaseLostException exception)
        {
            return Lost(exception);
        }
#pragma warning disable CA1031 // Whatever it was, it is classified, recorded and shown; the next backup must not suffer.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return await RecordFailureAsync(claim, remote, exception);
        }
    }

    // No failure: nothing is counted against the backup, and it is claimed again when the remote is open.
    private async Task<Failure> HandBackAsync(Claim claim, Exception exception)
    {
        try
        {
            await store.ReleaseAsync(claim, exception.Message);
            return Failure.From(exception);
        }
        catch (LeaseLostException lost)
        {
            return Lost(lost);
        }
    }

    private async Task<Failure> RecordFailureAsync(Claim claim, ReadyRemote remote, Exception exception)
    {
        var failure = Failure.From(exception);
        metrics.Failed(remote.Remote.Name, failure);
        var backup = claim.Backup;
        var unexpected = backup.UnexpectedFailures + (failure.Kind == FailureKind.Unexpected ? 1 : 0);
        var next = time.GetUtcNow() + retry.DelayAfter(failure, backup.Attempt + 1, unexpected);
        try
        {
            await store.RecordFailureAsync(claim, failure, next);
        }
        catch (LeaseLostException lost)
        {
            return Lost(lost);
        }

        if (next is { } at)
        {
            logger.BackupWillBeRetried(backup.RemoteName, remote.Remote.Name, failure.Text.TrimEnd('.'), LocalTime.InWords(at, options.TimeZone));
        }
        else
        {
            logger.BackupFailed(failure.Kind == FailureKind.Unexpected ? exception : null, backup.RemoteName, remote.Remote.Name, failure.Text);
        }

        return failure;
    }

    private Failure Lost(LeaseLostException exception)
    {
        logger.LeaseLost(exception.WasSkipped ? LogLevel.Information : LogLevel.Warning, exception.Message);
        return new Failure(FailureKind.Transient, exception.Message);
    }
}
