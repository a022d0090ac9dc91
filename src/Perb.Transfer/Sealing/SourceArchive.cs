using Microsoft.Win32.SafeHandles;
using Perb.Transfer.Posix;

namespace Perb.Transfer.Sealing;

/// <summary>
/// An archive that is open for reading, with the size, time and identity that it had at that moment. The descriptor keeps the
/// data readable after the name was removed; a replaced, grown, shrunk or rewritten archive is an error, never other bytes.
/// Reads are positional, so one of these serves several sealers at once.
/// </summary>
public sealed class SourceArchive : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly SafeFileHandle _handle;
    private readonly FileFacts _opened;
    private readonly bool _byAnyName;

    private SourceArchive(string path, SafeFileHandle handle, FileFacts opened, bool byAnyName)
    {
        Path = path;
        _handle = handle;
        _opened = opened;
        _byAnyName = byAnyName;
    }

    public string Path { get; }

    public string Name => System.IO.Path.GetFileName(Path);

    public long SizeBytes => _opened.SizeBytes;

    public DateTimeOffset ModifiedAt => _opened.ModifiedAt;

    /// <summary>It has no name any more: its data goes when the last descriptor is closed.</summary>
    /// <exception cref="IOException">The disk does not answer.</exception>
    public bool IsRemoved => FileFacts.Of(_handle, Path).Links == 0;

    /// <exception cref="SourceMissingException">Nothing has this name.</exception>
    /// <exception cref="SourceRefusedException">It is not a regular file. A FIFO or a device is not waited for.</exception>
    /// <exception cref="IOException">It cannot be opened (rights, a vanished share).</exception>
    public static SourceArchive Open(string path)
    {
        if (PlainFile.TryOpen(path, out var errno) is not { } handle)
        {
            throw errno switch
            {
                LibC.NoEntry or LibC.NotDirectory => new SourceMissingException(path),
                LibC.TooManyLinks => new SourceRefusedException(path, "a symbolic link"),
                _ => LibC.Error($"Cannot open the archive {path}"),
            };
        }

        try
        {
            var facts = FileFacts.Of(handle, path);
            if (!facts.IsRegularFile)
            {
                throw new SourceRefusedException(path, facts.KindInWords);
            }

            _ = LibC.Advise(handle, 0, 0, LibC.AdviseSequential);
            return new SourceArchive(path, handle, facts, byAnyName: false);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>The same open file, for a user of its own: the file stays open until both are disposed.</summary>
    /// <param name="byAnyName">It does not matter to that user what has the file's name by now.</param>
    /// <exception cref="IOException">The process has no descriptor to spare.</exception>
    public SourceArchive Duplicate(bool byAnyName = false)
    {
        var descriptor = LibC.Control(_handle, LibC.DuplicateCloseOnExec, 0);
        return descriptor < 0
            ? throw LibC.Error($"Cannot use the open archive {Path} again")
            : new SourceArchive(Path, new SafeFileHandle(descriptor, ownsHandle: true), _opened, byAnyName || _byAnyName);
    }

    /// <summary>
    /// Fills the buffer from this offset of the archive. Where it throws, a read may hang in the kernel and still fill it later: it must not
    /// be used for anything else.
    /// </summary>
    /// <exception cref="SourceChangedException">The archive ends before the buffer is full: it was cut.</exception>
    /// <exception cref="IOException">The disk or share fails.</exception>
    public async ValueTask ReadExactlyAsync(Memory<byte> buffer, long offset, CancellationToken cancellationToken)
    {
        while (!buffer.IsEmpty)
        {
            var read = await InTimeAsync(RandomAccess.ReadAsync(_handle, buffer, offset, cancellationToken).AsTask(), cancellationToken);
            if (read == 0)
            {
                throw new SourceChangedException(Path, $"it ends at byte {offset} but had {SizeBytes} bytes");
            }

            offset += read;
            buffer = buffer[read..];
        }
    }

    /// <summary>
    /// Compares the open file, and whatever has its name now, with what was opened. A name that is gone is no change: retention
    /// may remove an archive while it is being sealed, its data stays readable until this is disposed.
    /// </summary>
    /// <exception cref="SourceChangedException">Grown, shrunk, rewritten, or another file has the name.</exception>
    /// <exception cref="IOException">The disk or share does not answer.</exception>
    public void VerifyUnchanged()
    {
        var now = FileFacts.Of(_handle, Path);
        if (now.SizeBytes != SizeBytes)
        {
            throw new SourceChangedException(Path, $"it had {SizeBytes} bytes and has {now.SizeBytes}");
        }

        if (now.ModifiedNanoseconds != _opened.ModifiedNanoseconds)
        {
            throw new SourceChangedException(Path, $"it was written at {now.ModifiedAt:u} while it was being read");
        }

        if (!_byAnyName && FileFacts.At(Path) is { } named && !named.IsSameFileAs(_opened))
        {
            throw new SourceChangedException(Path, "another file took its place");
        }
    }

    /// <inheritdoc cref="VerifyUnchanged"/>
    public Task VerifyUnchangedAsync(CancellationToken cancellationToken) => InTimeAsync(
        Task.Factory.StartNew(
            () =>
            {
                VerifyUnchanged();
                return true;
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default),
        cancellationToken);

    // A disk that fails says so in the end. The server of a mount that is gone never does, and no token gets a thread out of the kernel: it is
    // left behind.
    private async Task<T> InTimeAsync<T>(Task<T> look, CancellationToken cancellationToken)
    {
        try
        {
            return await look.WaitAsync(Patience, TimeProvider.System, cancellationToken);
        }
        catch (TimeoutException exception)
        {
            throw new IOException($"{Path} does not answer any more: is the server of its mount there?", exception);
        }
    }

    internal DropBehind DropBehindFrom(long offset) => new(_handle, writes: false, offset);

    public void Dispose() => _handle.Dispose();
}
