using Perb.Scheduler.Configuration;
using Perb.Scheduler.Observability;
using Perb.Transfer.Rclone;

namespace Perb.Scheduler.Restore;

/// <summary>How far a restore is, for whoever watches: a live line on a terminal, a log line every half minute elsewhere.</summary>
internal sealed class RestoreProgress(TerminalLine terminal, TimeProvider time, ILogger<RestoreProgress> logger)
{
    private static readonly TimeSpan OnTerminal = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan InLog = TimeSpan.FromSeconds(30);

    private string _what = "";
    private long _totalBytes;
    private long _restoredBytes;
    private volatile string _fetching = "";

    public void Begin(string what, long totalBytes) => (_what, _totalBytes) = (what, totalBytes);

    /// <summary>Bytes of the archive that are written.</summary>
    public void Restored(long bytes) => Volatile.Write(ref _restoredBytes, bytes);

    /// <summary>One volume that is being fetched; pass it to rclone.</summary>
    public IProgress<TransferProgress> Fetching(int number, int count) => new Fetch(this, number, count);

    public void FetchingEnded() => _fetching = "";

    /// <summary>Until it is cancelled.</summary>
    public async Task ShowAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(terminal.IsTerminal ? OnTerminal : InLog, time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                Show();
            }
        }
        catch (OperationCanceledException)
        {
            terminal.Show("");
        }
    }

    private void Show()
    {
        var restored = Volatile.Read(ref _restoredBytes);
        var done = _totalBytes > 0
            ? $"{ByteSize.Format(restored)} of {ByteSize.Format(_totalBytes)} ({restored * 100 / _totalBytes} %)"
            : ByteSize.Format(restored);
        if (terminal.IsTerminal)
        {
            terminal.Show($"{_what}: {done} restored{_fetching}");
        }
        else
        {
            logger.RestoreProgress(_what, done, _fetching);
        }
    }

    private sealed class Fetch(RestoreProgress all, int number, int count) : IProgress<TransferProgress>
    {
        public void Report(TransferProgress value) => all._fetching =
            $", fetching volume {number}/{count}: {(value.TotalBytes > 0 ? value.Bytes * 100 / value.TotalBytes : 0)} % "
            + $"of {ByteSize.Format(value.TotalBytes)}, {ByteSize.Format((long)value.BytesPerSecond)}/s";
    }
}
