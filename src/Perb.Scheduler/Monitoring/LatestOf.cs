namespace Perb.Scheduler.Monitoring;

/// <summary>
/// What many may ask for at the same time, and what is made at most once in a while: whoever asks while it is fresh gets the same, and however
/// many ask at once, it is made once.
/// </summary>
/// <param name="make">Makes it.</param>
/// <param name="freshFor">So long it serves.</param>
/// <param name="time">The clock.</param>
internal sealed class LatestOf<T>(Func<CancellationToken, Task<T>> make, TimeSpan freshFor, TimeProvider time) : IDisposable
    where T : class
{
    private readonly SemaphoreSlim _one = new(1, 1);
    private T? _latest;
    private long _madeAt;

    /// <exception cref="OperationCanceledException">Of the asker's own token; others get theirs.</exception>
    public async Task<T> GetAsync(CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            if (_latest is null || time.GetElapsedTime(_madeAt) >= freshFor)
            {
                _latest = await make(cancellationToken);
                _madeAt = time.GetTimestamp();
            }

            return _latest;
        }
        finally
        {
            _one.Release();
        }
    }

    public void Dispose() => _one.Dispose();
}
