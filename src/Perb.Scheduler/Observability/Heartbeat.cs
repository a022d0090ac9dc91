namespace Perb.Scheduler.Observability;

/// <summary>When a round of discovery last came to its end.</summary>
public sealed class Heartbeat(TimeProvider time)
{
    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _last = time.GetTimestamp();

    /// <summary>Done when the first round of this life has ended, well or not.</summary>
    public Task First => _first.Task;

    /// <summary>Since then, or since the start.</summary>
    public TimeSpan Silence => time.GetElapsedTime(Volatile.Read(ref _last));

    public void Beat()
    {
        Volatile.Write(ref _last, time.GetTimestamp());
        _first.TrySetResult();
    }
}
