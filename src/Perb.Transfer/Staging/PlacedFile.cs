using Microsoft.Win32.SafeHandles;
using Perb.Transfer.Posix;

namespace Perb.Transfer.Staging;

/// <summary>
/// A restored file on its way: written as <c>NAME.partial</c> in a work directory, kept there over an interruption, and given its name in the
/// directory where it belongs only when all of it was checked, and never over another file.
/// </summary>
public sealed class PlacedFile : IDisposable
{
    private readonly FileStream _stream;
    private readonly DropBehind _dropBehind;

    private PlacedFile(string path, FileStream stream, long writtenBytes)
    {
        (Path, _stream, WrittenBytes) = (path, stream, writtenBytes);
        _dropBehind = new DropBehind(stream.SafeFileHandle, writes: true, writtenBytes);
    }

    /// <summary>Where it will be.</summary>
    public string Path { get; }

    public long WrittenBytes { get; private set; }

    /// <summary>Stays the same when it gets its name.</summary>
    public ulong Inode => FileFacts.Of(_stream.SafeFileHandle, _stream.Name).Inode;

    /// <param name="workDirectory">On the same file system as <paramref name="directory"/>; nobody else's.</param>
    /// <param name="directory">Where it will be.</param>
    /// <param name="name">A plain file name.</param>
    /// <param name="keptBytes">What is kept of an earlier attempt; the rest of it is cut off.</param>
    /// <exception cref="IOException">The disk refuses, or less than that is there.</exception>
    public static PlacedFile Open(string workDirectory, string directory, string name, long keptBytes)
    {
        var stream = new FileStream(PartialOf(workDirectory, name), new FileStreamOptions
        {
            Mode = keptBytes == 0 ? FileMode.Create : FileMode.Open,
            Access = FileAccess.Write,
            Share = FileShare.Read,
            BufferSize = 0,
            UnixCreateMode = keptBytes == 0 ? UnixFileMode.UserRead | UnixFileMode.UserWrite : null,
        });
        if (stream.Length is var length && length < keptBytes)
        {
            stream.Dispose();
            throw new IOException($"{stream.Name} has {length} bytes where {keptBytes} were kept");
        }

        stream.SetLength(keptBytes);
        return new PlacedFile(System.IO.Path.Combine(directory, name), stream, keptBytes);
    }

    public static string PartialOf(string workDirectory, string name) =>
        System.IO.Path.Combine(workDirectory, name + StagedFile.PartialSuffix);

    /// <exception cref="IOException">The disk is full or fails.</exception>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        await RandomAccess.WriteAsync(_stream.SafeFileHandle, data, WrittenBytes, cancellationToken);
        WrittenBytes += data.Length;
        _dropBehind.Passed(WrittenBytes);
    }

    /// <summary>Brings to the disk what was written so far; fsync has no asynchronous form and may take seconds.</summary>
    public Task SyncAsync(CancellationToken cancellationToken) => Task.Run(() => Sync(_stream.SafeFileHandle, _stream.Name), cancellationToken);

    /// <summary>Gives it its name and time.</summary>
    /// <exception cref="IOException">Something has that name already, or the disk fails: nothing was replaced.</exception>
    public async Task PlaceAsync(DateTimeOffset modifiedAt, CancellationToken cancellationToken)
    {
        File.SetLastWriteTimeUtc(_stream.SafeFileHandle, modifiedAt.UtcDateTime);
        await SyncAsync(cancellationToken);
        _dropBehind.Ended(WrittenBytes);
        cancellationToken.ThrowIfCancellationRequested();
        Rename(_stream.Name, Path);
        await Task.Run(() => SyncDirectory(System.IO.Path.GetDirectoryName(Path)!), CancellationToken.None);
    }

    public void Dispose() => _stream.Dispose();

    private static void Rename(string from, string to)
    {
        if (LibC.Rename(LibC.CurrentDirectory, from, LibC.CurrentDirectory, to, LibC.RenameNoReplace) == 0)
        {
            return;
        }

        var errno = System.Runtime.InteropServices.Marshal.GetLastPInvokeError();
        if (errno is not (LibC.Invalid or LibC.NoSystemCall))
        {
            throw errno == LibC.Exists ? new IOException($"{to} exists already: it was not replaced") : LibC.Error($"Cannot give {to} its name");
        }

        // A file system that cannot promise it (NFS, FUSE): then as well as one can.
        if (FileFacts.At(to) is not null)
        {
            throw new IOException($"{to} exists already: it was not replaced");
        }

#pragma warning disable RS0030 // The file is whole and on the disk, and the name is free.
        File.Move(from, to, overwrite: false);
#pragma warning restore RS0030
    }

    internal static void Sync(SafeFileHandle file, string path)
    {
        if (LibC.Sync(file) != 0)
        {
            throw LibC.Error($"Cannot bring {path} to the disk");
        }
    }

    internal static void SyncDirectory(string directory)
    {
        var descriptor = LibC.Open(directory, LibC.ReadOnly | LibC.Directory | LibC.CloseOnExec);
        if (descriptor < 0)
        {
            throw LibC.Error($"Cannot open {directory}");
        }

        using var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        Sync(handle, directory);
    }
}
