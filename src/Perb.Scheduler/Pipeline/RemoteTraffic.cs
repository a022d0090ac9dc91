namespace Perb.Scheduler.Pipeline;

/// <summary>What the workers of one remote share: its upload slots, and who of them is at work.</summary>
public sealed class RemoteTraffic(int uploads) : IDisposable
{
    private readonly SemaphoreSlim _changing = new(1);
    private readonly Lock _lock = new();
    private readonly PriorityQueue<TaskCompletionSource, long> _waiting = new();
    private int _free = uploads;
    private long _turns;
    private TaskCompletionSource _next = New();
    private int _carriers;
    private int _volumes;

    public int Uploads { get; } = uploads;

    /// <summary>Volumes that are sealed or sent now. Each of them ends, and gives its room in staging back.</summary>
    public int Volumes => Volatile.Read(ref _volumes);

    /// <summary>The next end of a volume. Taken before looking for room, so that an end in between is not lost.</summary>
    public Task NextEnd => Volatile.Read(ref _next).Task;

    /// <summary>The place of a backup among those whose volumes are sent.</summary>
    public long NextTurn() => Interlocked.Increment(ref _turns);

    /// <summary>An upload slot, held until disposed while a volume is sent and proven. A free one goes to the backup of the earliest turn: that
    /// which is sealed ahead must not make the first wait.</summary>
    public async Task<IDisposable> SlotAsync(long turn, CancellationToken cancellationToken)
    {
        var granted = New();
        lock (_lock)
        {
            if (_free > 0)
            {
                _free--;
                granted.SetResult();
            }
            else
            {
                _waiting.Enqueue(granted, turn);
            }
        }

        await using (cancellationToken.UnsafeRegister(_ => granted.TrySetCanceled(cancellationToken), null))
        {
            await granted.Task;
        }

        return new Ending(HandOn);
    }

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

    public void Dispose() => _changing.Dispose();

    // Whoever gave up waiting is passed over.
    private void HandOn()
    {
        lock (_lock)
        {
            while (_waiting.TryDequeue(out var next, out _))
            {
                if (next.TrySetResult())
                {
                    return;
                }
            }

            _free++;
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed class Ending(Action end) : IDisposable
    {
        private Action? _end = end;

        public void Dispose() => Interlocked.Exchange(ref _end, null)?.Invoke();
    }
}
