namespace Perb.Scheduler.Pipeline;

/// <summary>What the workers of one remote share: its upload slots, and who of them is at work.</summary>
public sealed class RemoteTraffic(int uploads) : IDisposable
{
    private readonly SemaphoreSlim _changing = new(1);
    private TaskCompletionSource _next = New();
    private int _carriers;
    private int _volumes;

    /// <summary>Held while a volume is sent and proven.</summary>
    public SemaphoreSlim Uploading { get; } = new(uploads);

    public int Uploads => uploads;

    /// <summary>Volumes that are sealed or sent now. Each of them ends, and gives its room in staging back.</summary>
    public int Volumes => Volatile.Read(ref _volumes);

    /// <summary>The next end of a volume. Taken before looking for room, so that an end in between is not lost.</summary>
    public Task NextEnd => Volatile.Read(ref _next).Task;

    /// <summary>Work on a backup of the remote, until disposed.</summary>
    public async Task<IDisposable> CarryAsync(CancellationToken cancellationToken)
    {
        await _changing.WaitAsync(cancellationToken);
        _carriers++;
        _changing.Release();
        return new Ending(() => Interlocked.Decrement(ref _carriers));
    }

    /// <summary>A volume under way, until disposed.</summary>
    public IDisposable Volume()
    {
        Interlocked.Increment(ref _volumes);
        return new Ending(() =>
        {
            Interlocked.Decrement(ref _volumes);
            Interlocked.Exchange(ref _next, New()).TrySetResult();
        });
    }

    /// <summary>For what may only be done while nobody works on a backup of the remote; nobody begins before it is done. Left out where somebody does.</summary>
    public async Task WhenIdleAsync(Func<Task> work, CancellationToken cancellationToken)
    {
        await _changing.WaitAsync(cancellationToken);
        try
        {
            if (Volatile.Read(ref _carriers) == 0)
            {
                await work();
            }
        }
        finally
        {
            _changing.Release();
        }
    }

    public void Dispose()
    {
        _changing.Dispose();
        Uploading.Dispose();
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed class Ending(Action end) : IDisposable
    {
        private Action? _end = end;

        public void Dispose() => Interlocked.Exchange(ref _end, null)?.Invoke();
    }
}
