namespace Perb.Scheduler.Pipeline;

/// <summary>How many volumes are sealed at once on this node, whatever the number of remotes (<c>Staging:Sealers</c>).</summary>
public sealed class SealerSlots(int count) : IDisposable
{
    private readonly SemaphoreSlim _free = new(count);

    public async Task<IDisposable> EnterAsync(CancellationToken cancellationToken)
    {
        await _free.WaitAsync(cancellationToken);
        return new Slot(_free);
    }

    public void Dispose() => _free.Dispose();

    private sealed class Slot(SemaphoreSlim free) : IDisposable
    {
        public void Dispose() => free.Release();
    }
}
