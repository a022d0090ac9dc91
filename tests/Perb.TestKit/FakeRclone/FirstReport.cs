using Perb.Transfer.Rclone;

namespace Perb.TestKit;

/// <summary>Remembers what a copy reported, and lets a test wait for the first of it.</summary>
public sealed class FirstReport : IProgress<TransferProgress>
{
    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<TransferProgress> _all = [];

    public Task Arrived => _first.Task;

    public IReadOnlyList<TransferProgress> All => _all;

    public void Report(TransferProgress value)
    {
        _all.Add(value);
        _first.TrySetResult();
    }
}
