using Perb.Scheduler.Discovery;
using Perb.Transfer.Sealing;

namespace Perb.Scheduler.Pipeline;

/// <summary>
/// The archive, opened when it is first needed: a backup whose volumes are all sealed survives the removal of its source. By the held
/// descriptor where there is one, whatever has the name by now. Else it is opened by its name, once, and kept open.
/// </summary>
public sealed class SourceAtNeed(ArchiveFile file, HeldArchives held) : IDisposable
{
    private readonly SemaphoreSlim _opening = new(1);
    private SourceArchive? _opened;

    /// <returns>The caller's to dispose.</returns>
    /// <exception cref="SourceMissingException">It is gone.</exception>
    /// <exception cref="TimeoutException">What it lies on does not answer.</exception>
    public async Task<SourceArchive> OpenAsync(CancellationToken cancellationToken)
    {
        await _opening.WaitAsync(cancellationToken);
        try
        {
            if (held.TryOpen(file) is { } archive)
            {
                Close(); // so that the space of a removed archive is free when it is released
                return archive;
            }

            _opened ??= await held.OpenAsync(file.Path, cancellationToken);
            return _opened.Duplicate();
        }
        finally
        {
            _opening.Release();
        }
    }

    /// <returns>The caller's to dispose.</returns>
    /// <exception cref="SourceMissingException">There is none.</exception>
    /// <exception cref="TimeoutException">What it lies on does not answer.</exception>
    public async Task<SourceArchive> OpenCompanionAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            return await held.OpenAsync(path, cancellationToken);
        }
        catch (SourceMissingException) when (held.TryOpenCompanion(file, path) is { } companion)
        {
            return companion;
        }
    }

    public void Dispose()
    {
        Close();
        _opening.Dispose();
    }

    private void Close()
    {
        _opened?.Dispose();
        _opened = null;
    }
}
