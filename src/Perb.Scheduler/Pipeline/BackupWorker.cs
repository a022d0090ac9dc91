using Perb.Scheduler.Backups;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Store;
using Perb.Transfer.Rclone;

namespace Perb.Scheduler.Pipeline;

/// <summary>
/// Carries the backups of one remote, one after another: claim, ship, or record the failure and when to try again. Remotes have a worker
/// each, so that a dead one delays nothing else. One of the three places that catch everything.
/// </summary>
public sealed class BackupWorker(
    Remote remote,
    RemoteGate gate,
    PipelineStore store,
    StatusStore status,
    BackupPipeline pipeline,
    LeaseKeeper leaseKeeper,
    RetryPolicy retry,
    WakeUp wakeUp,
    TimeProvider time,
    ILogger<BackupWorker> logger)
{
    private static readonly TimeSpan LongestNap = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan ShortestNap = TimeSpan.FromSeconds(1);

    private string TroubleSubject => $"remote {remote.Name}";

    private ReadyRemote? _ready;
    private int _refusals;

    /// <summary>The service's loop: ends only with the token.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        while (true)
        {
            var wake = wakeUp.Next;
            try
            {
                if (await OpenRemoteAsync(stopping) is not null)
                {
                    await NapAsync(wake: null, retry.BackOff(++_refusals), stopping);
                    continue;
                }

                _refusals = 0;
                if (await store.ClaimNextAsync(remote.Name, null, stopping) is { } claim)
                {
                    await ShipAsync(claim, stopping);
                }
                else
                {
                    await NapAsync(wake, await UntilDueAsync(stopping), stopping);
                }
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // The worker must outlive what nobody thought of; the failure is logged with its stack.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                logger.WorkerStumbled(exception, remote.Name);
                await NapAsync(wake: null, LongestNap, stopping);
            }
        }
    }

    /// <summary>For <c>once</c>: everything that can be shipped now, each backup at most once, ignoring back-off.</summary>
    public async Task<ShippingResult> RunOnceAsync(CancellationToken cancellationToken)
    {
        var result = new ShippingResult();
        var startedAt = time.GetUtcNow();
        while (true)
        {
            if (await OpenRemoteAsync(cancellationToken) is { } refusal)
            {
                return result.WithRefusal(refusal);
            }

            if (await store.ClaimNextAsync(remote.Name, startedAt, cancellationToken) is not { } claim)
            {
                return result;
            }

            result = result.With(await ShipAsync(claim, cancellationToken));
        }
    }

    /// <summary>Null: the remote is ready. Otherwise why not.</summary>
    private async Task<Failure?> OpenRemoteAsync(CancellationToken cancellationToken)
    {
        if (_ready is not null)
        {
            return null;
        }

        try
        {
            _ready = await gate.OpenAsync(remote, cancellationToken);
            await status.ClearAsync(TroubleSubject, cancellationToken);
            return null;
        }
        catch (Exception exception) when (exception is RcloneException or ConfigurationException or CopyMismatchException or IOException)
        {
            var failure = Failure.From(exception);
            await RaiseAsync(failure, cancellationToken);
            return failure;
        }
    }

    private async Task RaiseAsync(Failure failure, CancellationToken cancellationToken)
    {
        if (await status.RaiseAsync(TroubleSubject, failure.Text, cancellationToken))
        {
            logger.RemoteRefused(remote.Name, failure.Text);
        }
    }

    private async Task<Failure?> ShipAsync(Claim claim, CancellationToken cancellationToken)
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
            var how = await leaseKeeper.RunAsync(claim, token => pipeline.ShipAsync(claim, _ready!, token), cancellationToken);
            logger.BackupPublished(
                backup.RemoteName, remote.Name, how, ByteSize.Format(backup.SizeBytes), time.GetElapsedTime(startedAt).ToString(@"hh\:mm\:ss\.f"));
            return null;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await store.ReleaseAsync(claim);
            throw;
        }
        catch (LeaseLostException exception)
        {
            logger.LeaseLost(exception.Message);
            return new Failure(FailureKind.Transient, exception.Message);
        }
#pragma warning disable CA1031 // Whatever it was, it is classified, recorded and shown; the next backup must not suffer.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return await RecordFailureAsync(claim, exception);
        }
    }

    private async Task<Failure> RecordFailureAsync(Claim claim, Exception exception)
    {
        var failure = Failure.From(exception);
        var next = time.GetUtcNow() + retry.DelayAfter(failure, claim.Backup.Attempt + 1);
        await store.RecordFailureAsync(claim, failure, next);
        if (failure.ConcernsRemote)
        {
            _ready = null; // asked again before the next claim
            if (failure.Kind == FailureKind.NeedsOperator)
            {
                await RaiseAsync(failure, CancellationToken.None);
            }
        }

        if (next is { } at)
        {
            logger.BackupWillBeRetried(claim.Backup.RemoteName, remote.Name, failure.Text, at);
        }
        else
        {
            logger.BackupFailed(failure.Kind == FailureKind.Unexpected ? exception : null, claim.Backup.RemoteName, remote.Name, failure.Text);
        }

        return failure;
    }

    private async Task<TimeSpan> UntilDueAsync(CancellationToken cancellationToken)
    {
        var due = await store.NextAttemptAtAsync(remote.Name, cancellationToken) - time.GetUtcNow();
        return due is { } wait && wait < LongestNap ? (wait > ShortestNap ? wait : ShortestNap) : LongestNap;
    }

    private async Task NapAsync(Task? wake, TimeSpan longest, CancellationToken stopping)
    {
        using var napping = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var alarm = Task.Delay(longest, time, napping.Token);
        await Task.WhenAny(alarm, wake ?? Task.Delay(Timeout.InfiniteTimeSpan, time, napping.Token));
        await napping.CancelAsync();
    }
}
