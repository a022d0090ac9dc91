using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Perb.Scheduler.Discovery;

/// <summary>
/// Reads a file of the spool if it can be the hook's: a regular file of root's that nobody else can write, of at most 64 KiB. Judged
/// once it is open, and opened without following a link or waiting for a FIFO.
/// </summary>
internal static partial class HookSpoolFile
{
    public const int MaxBytes = 64 << 10;

    private const int CloseOnExec = 0x80000;
    private const int NonBlocking = 0x800;
    private const int NoEntry = 2;
    private const int TooManyLinks = 40;
    private const int EmptyPath = 0x1000;
    private const uint BasicStats = 0x7ff;
    private const int StatxBytes = 256;
    private const int KindMask = 0xF000;
    private const int RegularFile = 0x8000;
    private const int WritableByOthers = 0b_010_010;

    // Differs between the kernel's architectures.
    private static readonly int NoFollow = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x8000 : 0x20000;

    /// <summary>The content, or null and why it is refused; null without a reason where it is gone by now.</summary>
    /// <exception cref="IOException">It cannot be opened or read.</exception>
    public static byte[]? Read(string path, uint owner, out string? fault)
    {
        fault = null;
        var descriptor = Open(path, NoFollow | CloseOnExec | NonBlocking);
        if (descriptor < 0)
        {
            var errno = Marshal.GetLastPInvokeError();
            fault = errno switch
            {
                NoEntry => null,
                TooManyLinks => "it is a symbolic link",
                _ => Marshal.GetPInvokeErrorMessage(errno),
            };
            return null;
        }

        using var file = new SafeFileHandle(descriptor, ownsHandle: true);
        fault = FaultOf(descriptor, owner, out var sizeBytes);
        if (fault is not null)
        {
            return null;
        }

        // What has become shorter is no whole event; nothing of the hook's becomes longer.
        var content = new byte[sizeBytes];
        var length = 0;
        for (var read = -1; read != 0 && length < content.Length; length += read)
        {
            read = RandomAccess.Read(file, content.AsSpan(length), length);
        }

        return content[..length];
    }

    private static unsafe string? FaultOf(int descriptor, uint owner, out long sizeBytes)
    {
        sizeBytes = 0;
        var buffer = stackalloc byte[StatxBytes];
        if (Statx(descriptor, "", EmptyPath, BasicStats, buffer) != 0)
        {
            return Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError());
        }

        // Offsets of struct statx (linux/stat.h), the same on every architecture: uid 20, mode 28, size 40.
        var uid = *(uint*)(buffer + 20);
        var mode = *(ushort*)(buffer + 28);
        sizeBytes = *(long*)(buffer + 40);
        return (mode & KindMask) != RegularFile ? "it is not a regular file"
            : uid != owner ? $"it belongs to user {uid}, not to {owner}"
            : (mode & WritableByOthers) != 0 ? "others than its owner can write it"
            : sizeBytes > MaxBytes ? $"it has more than {MaxBytes} bytes"
            : null;
    }

    // Variadic in C; without O_CREAT no third argument is read, so the plain form is exact. Read-only is 0.
    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static unsafe partial int Statx(int directory, string path, int flags, uint mask, byte* buffer);
}
