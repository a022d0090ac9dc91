using Perb.Scheduler.Store;

namespace Perb.Scheduler.Monitoring;

/// <summary>What is on the remotes, and how many backups are in which state.</summary>
internal sealed record Stocks(IReadOnlyList<RemoteStock> Remotes, IReadOnlyList<StateCount> States);

/// <summary>
/// Counts what is on the remotes: anew only after something happened to a backup, and so seldom that counting takes a hundredth of the time.
/// </summary>
internal sealed class RemoteStocks(MonitoringStore store, TimeProvider time) : IDisposable
{
    /// <summary>What a remote grew by in so many days is shown.</summary>
    public const int RecentDays = 30;

    private const int Seldom = 100;

    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1); // what was recent does not stay so

    private readonly SemaphoreSlim _one = new(1, 1);
    private Stocks? _counted;
    private long _countedAt;
    private TimeSpan _pause;
    private long _lastEvent;

    public async Task<Stocks> ReadAsync(CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            var age = time.GetElapsedTime(_countedAt);
            var lastEvent = await store.LastEventAsync(cancellationToken);
            if (_counted is null || age >= Longest || (age >= _pause && lastEvent != _lastEvent))
            {
                var began = time.GetTimestamp();
                _counted = new Stocks(
                    await store.StocksAsync(time.GetUtcNow() - TimeSpan.FromDays(RecentDays), cancellationToken), await store.StatesAsync(cancellationToken));
                var took = time.GetElapsedTime(began) * Seldom;
                (_countedAt, _lastEvent, _pause) = (time.GetTimestamp(), lastEvent, took < Shortest ? Shortest : took);
            }

            return _counted;
        }
        finally
        {
            _one.Release();
        }
    }

    public void Dispose() => _one.Dispose();
}
