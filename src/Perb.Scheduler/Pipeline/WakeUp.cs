namespace Perb.Scheduler.Pipeline;

/// <summary>
/// Tells waiting workers that there may be work. A ring between taking <see cref="Next"/> or <see cref="Pushed"/> and awaiting it is not lost.
/// </summary>
public sealed class WakeUp
{
    private TaskCompletionSource _next = New();
    private TaskCompletionSource _pushed = New();

    public Task Next => Volatile.Read(ref _next).Task;

    /// <summary>Also ends the pause after a failure that concerns all.</summary>
    public Task Pushed => Volatile.Read(ref _pushed).Task;

    public void Ring() => Interlocked.Exchange(ref _next, New()).TrySetResult();

    /// <summary>A person wants something done now.</summary>
    public void Push()
    {
        Interlocked.Exchange(ref _pushed, New()).TrySetResult();
        Ring();
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
