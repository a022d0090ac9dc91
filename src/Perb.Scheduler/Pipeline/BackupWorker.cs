using Perb.Scheduler.Backups;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Store;

namespace Perb.Scheduler.Pipeline;

/// <summary>
/// Carries the backups of one remote, one after another. Remotes have a worker each, so that a dead one delays nothing else.
/// </summary>
public sealed class BackupWorker(
    Remote remote,
    RemoteDoor door,
    PipelineStore store,
    StagingArea staging,
    ShipClaim shipClaim,
    RetryPolicy retry,
    WakeUp wakeUp,
    TimeProvider time,
    ILogger<BackupWorker> logger)
{
    private static readonly TimeSpan LongestNap = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan ShortestNap = TimeSpan.FromSeconds(1);

    private int _refusals;

    public string RemoteName => remote.Name;

    /// <summary>The service's loop: ends only with the token.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            var (wake, push) = (wakeUp.Next, wakeUp.Pushed); // taken before looking: a ring in between is not lost
            try
            {
                if (await door.OpenAsync(stopping) is not { } ready)
                {
                    await PauseAsync(push, stopping);
                }
                else if (await store.ClaimNextAsync(remote.Name, null, stopping) is { } claim)
                {
                    await CarryAsync(claim, ready, push, stopping);
                }
                else
                {
                    await SweepAsync(stopping);
                    await wake.WaitAsync(await UntilDueAsync(stopping), time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
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
                await Task.Delay(LongestNap, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>For <c>once</c>: everything that can be shipped now, each backup at most once, ignoring back-off.</summary>
    /// <param name="only">Null, or the ids of the backups that are shipped (<c>ship</c>, <c>retry</c>).</param>
    /// <param name="cancellationToken">Stops the work and hands its claim back.</param>
    public async Task<ShippingResult> RunOnceAsync(IReadOnlyCollection<long>? only, CancellationToken cancellationToken)
    {
        var result = new ShippingResult();
        var startedAt = time.GetUtcNow();
        while (await door.OpenAsync(cancellationToken) is { } ready)
        {
            if (await store.ClaimNextAsync(remote.Name, startedAt, only, cancellationToken) is not { } claim)
            {
                await SweepAsync(cancellationToken);
                return result;
            }

            var failure = await shipClaim.RunAsync(claim, ready, cancellationToken);
            result = result.With(failure);
            if (failure is { ConcernsAll: true })
            {
                await door.CloseAsync(failure);
                return result; // the others would fail the same way
            }
        }

        return result.WithRefusal(door.Refusal!);
    }

    private async Task CarryAsync(Claim claim, ReadyRemote ready, Task push, CancellationToken stopping)
    {
        if (await shipClaim.RunAsync(claim, ready, stopping) is not { ConcernsAll: true } failure)
        {
            _refusals = 0;
            return;
        }

        // Going on with the next backup would seal it for nothing, and fill staging for a remote that takes none.
        await door.CloseAsync(failure);
        await PauseAsync(push, stopping);
    }

    // A person who pushes has perhaps mended the remote.
    private async Task PauseAsync(Task push, CancellationToken stopping) =>
        await push.WaitAsync(retry.BackOff(++_refusals), time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    // Idle: nobody seals for this remote now, so what no record speaks of is left over (of a backup that failed, say).
    private async Task SweepAsync(CancellationToken cancellationToken) =>
        staging.Sweep(remote.Name, await store.StagedNamesAsync(cancellationToken));

    private async Task<TimeSpan> UntilDueAsync(CancellationToken cancellationToken)
    {
        var due = await store.NextAttemptAtAsync(remote.Name, cancellationToken) - time.GetUtcNow();
        return due is { } wait && wait < LongestNap ? (wait > ShortestNap ? wait : ShortestNap) : LongestNap;
    }
}
