using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Perb.Transfer.Keys;
using Perb.Transfer.Posix;

namespace Perb.Transfer.Signing;

/// <summary>
/// Reads a file that nobody but its owner (and root) may read or write. What was opened is what is judged; a FIFO or a device is not
/// waited for.
/// </summary>
internal static class PrivateFile
{
    private const int MaxBytes = 1 << 20;
    private const UnixFileMode GroupMayRead = UnixFileMode.GroupRead;

    private const UnixFileMode Others =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    /// <param name="path">Of a link, its target counts.</param>
    /// <param name="groupMayRead">
    /// For systemd's credentials: the service gets at them through an access list, which shows as the group's right.
    /// </param>
    /// <param name="openness">Null, or that others can get at it, with what to do: what the file holds may be the greater fault.</param>
    /// <exception cref="UnusableKeyException">Not there, unreadable, or not a regular file.</exception>
    public static byte[] Read(string path, bool groupMayRead, out string? openness)
    {
        using var file = Open(path);
        var facts = Examine(file, path);
        if (!facts.IsRegularFile)
        {
            throw new UnusableKeyException($"is {facts.KindInWords}, not a regular file");
        }

        openness = ((UnixFileMode)facts.Mode & Others & ~(groupMayRead ? GroupMayRead : UnixFileMode.None)) != 0
            ? $"is open to others: chmod 600 {path}"
            : null;

        if (facts.SizeBytes > MaxBytes)
        {
            throw new UnusableKeyException($"has {facts.SizeBytes} bytes: too large for a key");
        }

        return ReadAll(file, (int)facts.SizeBytes);
    }

    private static SafeFileHandle Open(string path)
    {
        var descriptor = LibC.Open(path, LibC.ReadOnly | LibC.CloseOnExec | LibC.NoControllingTerminal | LibC.NonBlocking);
        if (descriptor >= 0)
        {
            return new SafeFileHandle(descriptor, ownsHandle: true);
        }

        var errno = Marshal.GetLastPInvokeError();
        throw new UnusableKeyException(errno is LibC.NoEntry or LibC.NotDirectory
            ? "is not there"
            : $"cannot be read: {Marshal.GetPInvokeErrorMessage(errno)}");
    }

    private static FileFacts Examine(SafeFileHandle file, string path)
    {
        try
        {
            return FileFacts.Of(file, path);
        }
        catch (IOException exception)
        {
            throw Unreadable(exception);
        }
    }

    private static byte[] ReadAll(SafeFileHandle file, int size)
    {
        var content = new byte[size];
        try
        {
            var read = 0;
            while (read < size && RandomAccess.Read(file, content.AsSpan(read), read) is > 0 and var count)
            {
                read += count;
            }

            return content;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(exception);
        }
    }

    private static UnusableKeyException Unreadable(Exception exception) => new($"cannot be read: {Printable.Clean(exception.Message, 120)}");
}
