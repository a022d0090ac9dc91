using Perb.Scheduler.Store;
using Perb.Transfer.Rclone;

namespace Perb.Scheduler.Retention;

/// <summary>
/// Whether the wall clock can be believed. It is compared with the clock that nobody can set, since the last look for the same remote, also of an
/// earlier life (within one boot), and with what was recorded before: a copy that seems a year old because the clock jumped must not be removed for it.
/// </summary>
public sealed class ClockWatch(RetentionStore store, TimeProvider time)
{
    private static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(5);

    private readonly ClockLook _start = Look(time);

    /// <summary>Null: it can. A jump is told once for each remote; if the clock then goes on evenly, it is believed.</summary>
    /// <param name="remote">Whose retention asks.</param>
    /// <param name="isRecorded">The next look is compared with this one.</param>
    /// <param name="cancellationToken">Stops before the look is recorded.</param>
    public async Task<string?> FaultSinceLastLookAsync(string remote, bool isRecorded, CancellationToken cancellationToken)
    {
        var (last, now) = (await store.LastLookAsync(remote, cancellationToken), Look(time));
        var since = last?.BootId == now.BootId ? last : _start;
        var jump = now.Wall - since.Wall - time.GetElapsedTime(since.Steady, now.Steady);
        var latest = await store.LatestRecordAsync(cancellationToken);
        if (isRecorded)
        {
            await store.RecordLookAsync(remote, now);
        }

        return jump.Duration() > Tolerance ? $"the clock jumped by {jump:c} since the last look"
            : latest - now.Wall > Tolerance ? $"the clock says {now.Wall:u}, but something was recorded at {latest:u} already"
            : null;
    }

    private static ClockLook Look(TimeProvider time) => new(ProcessIdentity.ReadBootId(), time.GetUtcNow(), time.GetTimestamp());
}
