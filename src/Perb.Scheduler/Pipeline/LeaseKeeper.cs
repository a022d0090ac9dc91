using Microsoft.Data.Sqlite;
using Perb.Scheduler.Store;

namespace Perb.Scheduler.Pipeline;

/// <summary>Renews a claim while its work runs, and stops the work when the claim is lost: two workers must never send the same volume.</summary>
public sealed class LeaseKeeper(ClaimStore store, Activities activities, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <exception cref="LeaseLostException">Somebody else has the backup; the work was stopped.</exception>
    public async Task<T> RunAsync<T>(Claim claim, Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        using var working = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var keeping = new CancellationTokenSource();
        var keeper = KeepAsync(claim, working, keeping.Token);
        try
        {
            return await work(working.Token);
        }
        catch (OperationCanceledException) when (working.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            await keeper; // throws why it stopped the work
            throw;
        }
        finally
        {
            await keeping.CancelAsync();
            await keeper.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            activities.Finished(claim.Backup);
        }
    }

    private async Task KeepAsync(Claim claim, CancellationTokenSource working, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            var renewedAt = time.GetTimestamp();
            do
            {
                renewedAt = await TryRenewAsync(claim, renewedAt, cancellationToken);
            }
            while (await timer.WaitForNextTickAsync(cancellationToken));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The work is over.
        }
        catch
        {
            await working.CancelAsync();
            throw;
        }
    }

    // A store that is busy or full for a moment is no reason to throw away hours of upload; the lease says how long it may be so.
    private async Task<long> TryRenewAsync(Claim claim, long renewedAt, CancellationToken cancellationToken)
    {
        try
        {
            await store.RenewAsync(claim, activities.Of(claim.Backup.Id), cancellationToken);
            return time.GetTimestamp();
        }
        catch (SqliteException) when (time.GetElapsedTime(renewedAt) < Claim.Lease / 2)
        {
            return renewedAt;
        }
    }
}
