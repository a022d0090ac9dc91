using Perb.Scheduler.Discovery;
using Perb.Transfer.Sealing;

namespace Perb.Scheduler.Pipeline;

/// <summary>
/// The archive, opened when it is first needed: a backup whose volumes are all sealed survives the removal of its source. By the held
/// descriptor where there is one, whatever has the name by now. Else it is opened by its name, once, and kept open.
/// </summary>
public sealed class SourceAtNeed(ArchiveFile file, HeldArchives held) : IDisposable
{
    private readonly Lock _opening = new();
    private SourceArchive? _opened;

    /// <returns>The caller's to dispose.</returns>
    /// <exception cref="SourceMissingException">It is gone.</exception>
    public SourceArchive Open()
    {
        lock (_opening)
        {
            if (held.TryOpen(file) is { } archive)
            {
                Close(); // so that the space of a removed archive is free when it is released
                return archive;
            }

            _opened ??= SourceArchive.Open(file.Path);
            return _opened.Duplicate();
        }
    }

    /// <returns>The caller's to dispose.</returns>
    /// <exception cref="SourceMissingException">There is none.</exception>
    public SourceArchive OpenCompanion(string path)
    {
        try
        {
            return SourceArchive.Open(path);
        }
        catch (SourceMissingException) when (held.TryOpenCompanion(file, path) is { } companion)
        {
            return companion;
        }
    }

    public void Dispose() => Close();

    private void Close()
    {
        _opened?.Dispose();
        _opened = null;
    }
}
