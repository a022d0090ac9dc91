namespace Perb.Simulation.Vzdump;

/// <summary>One vzdump works on a node at a time (/var/run/vzdump.lock); the others exist, RUNNING, and wait.</summary>
internal sealed class VzdumpLock : IDisposable
{
    private readonly SemaphoreSlim _lock = new(1, 1);

    public bool TryTake() => _lock.Wait(0);

    public Task TakeAsync(CancellationToken cancellationToken) => _lock.WaitAsync(cancellationToken);

    public void Release() => _lock.Release();

    public void Dispose() => _lock.Dispose();
}
