using Perb.Scheduler.Backups;
using Perb.Scheduler.Discovery;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Store;

namespace Perb.Scheduler.Pipeline;

/// <summary>
/// Carries backups to one remote, one after another. Each remote has workers of its own, one more than it takes uploads at the same time, so
/// that a dead one delays nothing else.
/// </summary>
public sealed class BackupWorker(
    Remote remote,
    RemoteDoor door,
    ClaimStore claims,
    PipelineStore store,
    StagingArea staging,
    StorageListing storages,
    ShipClaim shipClaim,
    RemoteTraffic traffic,
    WakeUp wakeUp,
    TimeProvider time,
    ILogger<BackupWorker> logger)
{
    private static readonly TimeSpan LongestNap = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan ShortestNap = TimeSpan.FromSeconds(1);

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
                else if (await claims.ClaimNextAsync(remote.Name, null, null, storages.Away, stopping) is { } claim)
                {
                    await CarryAsync(claim, ready, stopping);
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
    /// <param name="startedAt">Of the run as a whole: what was attempted since is not attempted again.</param>
    public async Task<ShippingResult> RunOnceAsync(
        IReadOnlyCollection<long>? only, DateTimeOffset startedAt, CancellationToken cancellationToken)
    {
        var result = new ShippingResult();
        while (await door.OpenAsync(cancellationToken) is { } ready)
        {
            if (await claims.ClaimNextAsync(remote.Name, startedAt, only, storages.Away, cancellationToken) is not { } claim)
            {
                await SweepAsync(cancellationToken);
                return result;
            }

            var failure = await CarryAsync(claim, ready, cancellationToken);
            result = result.With(failure);
            if (failure is { ConcernsAll: true })
            {
                return result; // the others would fail the same way
            }
        }

        return door.Refusal is { } refusal ? result.WithRefusal(refusal) : result; // held back: what waits is still in the queue
    }

    private async Task<Failure?> CarryAsync(Claim claim, ReadyRemote ready, CancellationToken cancellationToken)
    {
        Failure? failure;
        using (await traffic.CarryAsync(cancellationToken))
        {
            failure = await shipClaim.RunAsync(claim, ready, cancellationToken);
        }

        if (failure is { IsStaging: true })
        {
            await SweepAsync(cancellationToken); // what was given up since may be what fills it
        }

        if (failure is { ConcernsAll: true })
        {
            // Going on with the next backup would seal it for nothing, and fill staging for a remote that takes none.
            await door.CloseAsync(failure, ready);
        }
        else
        {
            await door.StagingWorkedAsync();
            await (failure is null ? door.WorkedAsync() : Task.CompletedTask);
        }

        return failure;
    }

    // A person who pushes has perhaps mended the remote. Not longer than a nap: the clock may jump.
    private async Task PauseAsync(Task push, CancellationToken stopping)
    {
        var wait = door.Wait;
        await push.WaitAsync(wait < ShortestNap ? ShortestNap : wait < LongestNap ? wait : LongestNap, time, stopping)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (push.IsCompleted)
        {
            door.AskAgain();
        }
    }

    // What no record speaks of is left over (of a backup that failed, say), as long as nobody seals for this remote.
    private Task SweepAsync(CancellationToken cancellationToken) => traffic.WhenIdleAsync(
        async () =>
        {
            staging.Sweep(remote.Name, await store.StagedNamesAsync(cancellationToken));
            if (!await claims.AnyWaitsAsync(remote.Name, storages.Away, cancellationToken))
            {
                await door.TookAsync(); // what it refused was skipped, or is away: nobody would ever see that it takes it
            }
        },
        cancellationToken);

    private async Task<TimeSpan> UntilDueAsync(CancellationToken cancellationToken)
    {
        var due = await claims.NextAttemptAtAsync(remote.Name, storages.Away, cancellationToken) - time.GetUtcNow();
        return due is { } wait && wait < LongestNap ? (wait > ShortestNap ? wait : ShortestNap) : LongestNap;
    }
}
