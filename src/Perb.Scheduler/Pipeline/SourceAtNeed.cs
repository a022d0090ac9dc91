using Perb.Transfer.Sealing;

namespace Perb.Scheduler.Pipeline;

/// <summary>The archive, opened when it is first needed: a backup whose volumes are all sealed survives the removal of its source.</summary>
public sealed class SourceAtNeed(string path) : IDisposable
{
    private readonly Lock _opening = new();
    private SourceArchive? _opened;

    /// <exception cref="SourceMissingException">It is gone.</exception>
    public SourceArchive Open()
    {
        lock (_opening)
        {
            return _opened ??= SourceArchive.Open(path);
        }
    }

    public void Dispose() => _opened?.Dispose();
}
