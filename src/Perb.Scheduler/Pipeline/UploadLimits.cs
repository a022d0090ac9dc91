using Perb.Scheduler.Backups;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Store;
using Perb.Transfer.Rclone;

namespace Perb.Scheduler.Pipeline;

/// <summary>
/// When a remote may be sent to: <c>UploadWindow</c> and <c>DailyLimit</c>, on the clock of <c>TimeZone</c>. They decide whether a volume is
/// begun; one that is being sent is never cut off, since on a slow line it would be begun again every day.
/// </summary>
public sealed class UploadLimits(UploadStore store, TimeZoneInfo zone, TimeProvider time)
{
    private DateTime LocalNow => TimeZoneInfo.ConvertTime(time.GetUtcNow(), zone).DateTime;

    /// <summary>Until when the remote's window is closed; null: it is open.</summary>
    public HeldBack? Closed(Remote remote)
    {
        var now = LocalNow;
        if (remote.UploadWindow is not { } window || window.Contains(TimeOnly.FromDateTime(now)))
        {
            return null;
        }

        var opens = now.Date + window.From.ToTimeSpan();
        return Until(remote, opens > now ? opens : opens.AddDays(1), $"its UploadWindow is {window}");
    }

    /// <summary>Runs an upload within the limits; what it did not send is not counted.</summary>
    /// <param name="remote">Where to.</param>
    /// <param name="bytes">How many will be sent.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="send">The upload.</param>
    /// <param name="cancellationToken">Stops before it begins.</param>
    /// <exception cref="HeldBackException">It may not begin now.</exception>
    public async Task SendAsync(
        Remote remote, long bytes, IProgress<TransferProgress> progress, Func<IProgress<TransferProgress>, Task> send, CancellationToken cancellationToken)
    {
        if (Closed(remote) is { } closed)
        {
            throw new HeldBackException(closed);
        }

        if (remote.DailyBytes is not { } limit)
        {
            await send(progress);
            return;
        }

        var day = DateOnly.FromDateTime(LocalNow);
        if (!await store.TryCountAsync(remote.Name, day, bytes, limit, cancellationToken))
        {
            throw new HeldBackException(
                Until(remote, day.AddDays(1).ToDateTime(TimeOnly.MinValue), $"its DailyLimit of {ByteSize.Format(limit)} is used up"));
        }

        var meter = new Meter(progress);
        try
        {
            await send(meter);
        }
        catch
        {
            await store.GiveBackAsync(remote.Name, day, Math.Max(0, bytes - meter.Sent));
            throw;
        }
    }

    private HeldBack Until(Remote remote, DateTime local, string why) => new(remote.Name, NodeClock.ToInstant(local, zone), why);

    private sealed class Meter(IProgress<TransferProgress> progress) : IProgress<TransferProgress>
    {
        public long Sent { get; private set; }

        public void Report(TransferProgress value)
        {
            Sent = value.Bytes;
            progress.Report(value);
        }
    }
}
