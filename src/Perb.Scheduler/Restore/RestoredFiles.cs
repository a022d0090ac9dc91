using Perb.Transfer.Posix;
using Perb.Transfer.Staging;
using Perb.Transfer.Unpacking;

namespace Perb.Scheduler.Restore;

/// <summary>A backup's files in the making. None of them has its name before <see cref="PlaceAsync"/>.</summary>
internal sealed class RestoredFiles(string directory, WorkDirectory work) : IRestoreTarget, IDisposable
{
    private readonly List<(PlacedFile File, TarEntry Entry)> _companions = [];
    private (PlacedFile File, TarEntry Entry)? _archive;
    private (PlacedFile File, TarEntry Entry)? _current;

    /// <summary>All bytes of the archive are written. Whether they are right is for the volumes to say.</summary>
    public bool ArchiveIsWritten => _archive is { } archive && archive.File.WrittenBytes == archive.Entry.SizeBytes;

    /// <summary>
    /// The archive, while it is not all there: then every byte of the tar up to here is written. Behind it the tar has zeros and headers, and
    /// nobody could tell how much of those was read.
    /// </summary>
    public (TarEntry Entry, long WrittenBytes)? Unfinished =>
        _archive is { } archive && archive.File.WrittenBytes < archive.Entry.SizeBytes ? (archive.Entry, archive.File.WrittenBytes) : null;

    /// <summary>
    /// Nothing that has the name of one of its files is ever replaced; known before anything is fetched. Log or notes that a killed restore had placed
    /// already are taken back.
    /// </summary>
    /// <exception cref="RestoreException">Something has.</exception>
    public void RequireFree(string remoteName)
    {
        var own = work.ReadPlacing().ToDictionary(file => Path.Combine(directory, file.Name));
        var taken = Directory.EnumerateFileSystemEntries(directory, $"vzdump-*-{remoteName}.*").Order().ToList();
        if (taken.Find(path => !own.TryGetValue(path, out var file) || FileFacts.At(path) is not { } facts
            || (facts.Inode, facts.SizeBytes) != (file.Inode, file.SizeBytes)) is { } other)
        {
            throw new RestoreException($"{other} exists already, and nothing is replaced: move it away, or name another directory with --to");
        }

        taken.ForEach(File.Delete);
    }

    /// <summary>Goes on with an archive of which a part is written and on the disk.</summary>
    public void Resume(Checkpoint kept)
    {
        var entry = new TarEntry(kept.Archive, kept.SizeBytes, kept.ModifiedAt);
        _archive = _current = (PlacedFile.Open(work.Path, directory, entry.Name, kept.WrittenBytes), entry);
    }

    public Task BeginAsync(TarEntry entry, bool isArchive, CancellationToken cancellationToken)
    {
        if (FileFacts.At(Path.Combine(directory, entry.Name)) is not null)
        {
            throw new RestoreException($"{Path.Combine(directory, entry.Name)} exists already, and nothing is replaced");
        }

        var file = (PlacedFile.Open(work.Path, directory, entry.Name, keptBytes: 0), entry);
        _current = file;
        if (isArchive)
        {
            _archive = file;
        }
        else
        {
            _companions.Add(file);
        }

        return Task.CompletedTask;
    }

    public ValueTask WriteAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken) =>
        _current!.Value.File.WriteAsync(data, cancellationToken);

    public Task EndAsync(CancellationToken cancellationToken)
    {
        _current = null;
        return Task.CompletedTask;
    }

    /// <summary>What is written of the archive is on the disk when this returns.</summary>
    public Task SyncArchiveAsync(CancellationToken cancellationToken) => _archive!.Value.File.SyncAsync(cancellationToken);

    /// <summary>
    /// Everything was checked: gives all files their names and times, the archive last, so that whoever sees it sees all. If one cannot have
    /// its name, none has.
    /// </summary>
    /// <param name="archiveAlone">The archive is right, and nobody knows about the rest.</param>
    /// <param name="cancellationToken">Stops before the next file.</param>
    /// <returns>Their paths, the archive first.</returns>
    public async Task<IReadOnlyList<string>> PlaceAsync(bool archiveAlone, CancellationToken cancellationToken)
    {
        if (_archive is not { } archive)
        {
            throw new RestoreException("there is no archive in it");
        }

        List<(PlacedFile File, TarEntry Entry)> files = archiveAlone ? [archive] : [.. _companions, archive];
        await work.WritePlacingAsync([.. files.SkipLast(1).Select(one => new PlacingFile(one.Entry.Name, one.File.Inode, one.File.WrittenBytes))], cancellationToken);
        var placed = new List<string>();
        try
        {
            foreach (var (file, entry) in files)
            {
                await file.PlaceAsync(entry.ModifiedAt, cancellationToken);
                placed.Insert(0, file.Path);
            }
        }
        catch
        {
            placed.ForEach(File.Delete);
            throw;
        }

        return placed;
    }

    public void Dispose()
    {
        _archive?.File.Dispose();
        _companions.ForEach(companion => companion.File.Dispose());
    }
}
