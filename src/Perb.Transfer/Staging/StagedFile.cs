using Perb.Transfer.Posix;

namespace Perb.Transfer.Staging;

/// <summary>
/// A file that has its name only when it is whole. It is written as <c>NAME.partial</c> (created new, mode 0600) and gets its
/// final name in <see cref="CommitAsync"/>, after its byte count was compared and its bytes reached the disk. Disposing without
/// commit deletes it: disposing is not finishing.
/// </summary>
public sealed class StagedFile : IDisposable
{
    public const string PartialSuffix = ".partial";

    private readonly FileStream _stream;
    private readonly DropBehind _dropBehind;
    private string? _toDelete;

    private StagedFile(string path, FileStream stream)
    {
        Path = path;
        _stream = stream;
        _toDelete = stream.Name;
        _dropBehind = new DropBehind(stream.SafeFileHandle, writes: true, position: 0);
    }

    /// <summary>The final path; nothing of this file is there before the commit.</summary>
    public string Path { get; }

    public long WrittenBytes { get; private set; }

    /// <exception cref="IOException">
    /// The partial is there already (another writer, or the rest of a crash that was not swept), or the disk refuses.
    /// </exception>
    public static StagedFile Create(string directory, string name)
    {
        if (name.Length == 0 || name.Contains('/') || name is "." or "..")
        {
            throw new ArgumentException($"'{name}' is not the name of a file", nameof(name));
        }

        var path = System.IO.Path.Combine(System.IO.Path.GetFullPath(directory), name);

        // CreateNew is O_CREAT|O_EXCL, which never follows a link that somebody put in the way.
        return new StagedFile(path, new FileStream(path + PartialSuffix, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Share = FileShare.None,
            BufferSize = 0,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        }));
    }

    /// <exception cref="IOException">The disk is full or fails.</exception>
    public async ValueTask WriteAsync(IReadOnlyList<ReadOnlyMemory<byte>> segments, CancellationToken cancellationToken)
    {
        await RandomAccess.WriteAsync(_stream.SafeFileHandle, segments, WrittenBytes, cancellationToken);
        WrittenBytes += segments.Sum(segment => (long)segment.Length);
        _dropBehind.Passed(WrittenBytes);
    }

    /// <inheritdoc cref="WriteAsync(IReadOnlyList{ReadOnlyMemory{byte}}, CancellationToken)"/>
    public ValueTask WriteAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken) => WriteAsync([data], cancellationToken);

    /// <summary>Whose it is, and who may do what with it, before it has its name.</summary>
    /// <exception cref="IOException">Only root may give a file away.</exception>
    public void GiveTo(uint user, uint group, UnixFileMode mode)
    {
        if (LibC.ChangeOwner(_stream.SafeFileHandle, user, group) != 0)
        {
            throw LibC.Error($"Cannot change the owner of {_stream.Name}");
        }

        File.SetUnixFileMode(_stream.SafeFileHandle, mode);
    }

    /// <summary>Checks the byte count, brings the bytes to the disk, gives the file its name and brings the name to the disk.</summary>
    /// <exception cref="IOException">Nothing has the final name then.</exception>
    /// <exception cref="InvalidOperationException">Another count of bytes was written: a fault of the caller.</exception>
    public async Task CommitAsync(long expectedBytes, CancellationToken cancellationToken)
    {
        if (WrittenBytes != expectedBytes || RandomAccess.GetLength(_stream.SafeFileHandle) != expectedBytes)
        {
            throw new InvalidOperationException($"{Path}: {WrittenBytes} bytes were written where {expectedBytes} were expected");
        }

        // fsync has no asynchronous form and may take seconds.
        await Task.Run(() => PlacedFile.Sync(_stream.SafeFileHandle, _stream.Name), cancellationToken);
        _dropBehind.Ended(WrittenBytes);
        await _stream.DisposeAsync();
        cancellationToken.ThrowIfCancellationRequested();

#pragma warning disable RS0030 // The one rename in Perb: the file is whole and on the disk.
        File.Move(_stream.Name, Path, overwrite: true);
#pragma warning restore RS0030
        _toDelete = Path;
        await Task.Run(() => PlacedFile.SyncDirectory(System.IO.Path.GetDirectoryName(Path)!), CancellationToken.None);
        _toDelete = null;
    }

    public void Dispose()
    {
        _stream.Dispose();
        if (_toDelete is null)
        {
            return;
        }

        try
        {
            File.Delete(_toDelete);
        }
        catch (IOException)
        {
            // The failure that brought us here is the one to report; the sweep of orphans finds this file by its suffix.
        }
        catch (UnauthorizedAccessException)
        {
            // As above.
        }
    }
}
