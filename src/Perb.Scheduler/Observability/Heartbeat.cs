namespace Perb.Scheduler.Observability;

/// <summary>When a round of discovery last came to its end.</summary>
public sealed class Heartbeat(TimeProvider time)
{
    private long _last = time.GetTimestamp();

    /// <summary>Since then, or since the start.</summary>
    public TimeSpan Silence => time.GetElapsedTime(Volatile.Read(ref _last));

    public void Beat() => Volatile.Write(ref _last, time.GetTimestamp());
}
