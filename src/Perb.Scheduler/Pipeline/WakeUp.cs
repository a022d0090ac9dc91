namespace Perb.Scheduler.Pipeline;

/// <summary>Tells waiting workers that there may be work. A ring between taking <see cref="Next"/> and awaiting it is not lost.</summary>
public sealed class WakeUp
{
    private TaskCompletionSource _next = New();

    public Task Next => Volatile.Read(ref _next).Task;

    public void Ring() => Interlocked.Exchange(ref _next, New()).TrySetResult();

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
