using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Perb.Transfer.Posix;

/// <summary>
/// What the kernel says about one file. <c>statx</c> is used because its layout is the same on every architecture. The time is
/// nanoseconds since 1970 and compared exactly, so that a change within one second is seen too.
/// </summary>
public sealed record FileFacts(ushort Mode, long SizeBytes, Int128 ModifiedNanoseconds, ulong Inode, uint DeviceMajor, uint DeviceMinor)
{
    private const int CurrentDirectory = -100;
    private const int SymlinkNoFollow = 0x100;
    private const int EmptyPath = 0x1000;
    private const uint BasicStats = 0x7ff;
    private const int BufferBytes = 256;

    /// <summary>How many names the file has; none: it was removed, and takes space only until it is closed.</summary>
    public uint Links { get; init; }

    /// <summary>The id of the user whom it belongs to; root's is 0.</summary>
    public uint Owner { get; init; }

    /// <summary>The id of the group that it belongs to.</summary>
    public uint Group { get; init; }

    /// <summary>Who may do what, without the kind.</summary>
    public UnixFileMode Permissions => (UnixFileMode)(Mode & 0xFFF);

    public bool IsRegularFile => Kind == 0x8000;

    public bool IsDirectory => Kind == 0x4000;

    public bool IsSymbolicLink => Kind == 0xA000;

    public string KindInWords => Kind switch
    {
        0x8000 => "a regular file",
        0x4000 => "a directory",
        0xA000 => "a symbolic link",
        0x1000 => "a FIFO",
        0x2000 or 0x6000 => "a device",
        0xC000 => "a socket",
        _ => "a file of an unknown kind",
    };

    /// <summary>To 100 nanoseconds, the finest that .NET knows.</summary>
    public DateTimeOffset ModifiedAt => DateTimeOffset.UnixEpoch.AddTicks((long)(ModifiedNanoseconds / 100));

    private int Kind => Mode & 0xF000;

    /// <summary>Whether both are the same file, in the same place, with the same content as far as the kernel can tell.</summary>
    public bool IsSameFileAs(FileFacts other) => (Inode, DeviceMajor, DeviceMinor) == (other.Inode, other.DeviceMajor, other.DeviceMinor);

    /// <exception cref="IOException">The descriptor cannot be examined (a vanished network share).</exception>
    public static FileFacts Of(SafeFileHandle file, string path)
    {
        var held = false;
        try
        {
            file.DangerousAddRef(ref held);
            return Read((int)file.DangerousGetHandle(), "", EmptyPath) ?? throw LibC.Error($"Cannot examine {path}");
        }
        finally
        {
            if (held)
            {
                file.DangerousRelease();
            }
        }
    }

    /// <summary>The facts of whatever has this name now, without following a link; null where nothing has it.</summary>
    /// <exception cref="IOException">The path cannot be examined.</exception>
    public static FileFacts? At(string path) => At(path, SymlinkNoFollow);

    /// <summary>The same of what a link leads to in the end, where it is one.</summary>
    /// <exception cref="IOException">The path cannot be examined.</exception>
    public static FileFacts? AtEndOf(string path) => At(path, flags: 0);

    /// <exception cref="IOException">Only root may give a file away.</exception>
    public static void Give(string path, uint user, uint group)
    {
        if (LibC.ChangeOwner(path, user, group) != 0)
        {
            throw LibC.Error($"Cannot change the owner of {path}");
        }
    }

    private static FileFacts? At(string path, int flags) => Read(CurrentDirectory, path, flags) ?? Marshal.GetLastPInvokeError() switch
    {
        LibC.NoEntry or LibC.NotDirectory => null,
        _ => throw LibC.Error($"Cannot examine {path}"),
    };

    private static unsafe FileFacts? Read(int directory, string path, int flags)
    {
        var buffer = stackalloc byte[BufferBytes];
        if (LibC.Statx(directory, path, flags, BasicStats, buffer) != 0)
        {
            return null;
        }

        // Offsets of struct statx (linux/stat.h): nlink 16, uid 20, gid 24, mode 28, ino 32, size 40, mtime 112, dev 136.
        var facts = new ReadOnlySpan<byte>(buffer, BufferBytes);
        return new FileFacts(
            Native<ushort>(facts[28..]),
            Native<long>(facts[40..]),
            ((Int128)Native<long>(facts[112..]) * 1_000_000_000) + Native<uint>(facts[120..]),
            Native<ulong>(facts[32..]),
            Native<uint>(facts[136..]),
            Native<uint>(facts[140..])) { Links = Native<uint>(facts[16..]), Owner = Native<uint>(facts[20..]), Group = Native<uint>(facts[24..]) };
    }

    private static T Native<T>(ReadOnlySpan<byte> at) where T : struct => MemoryMarshal.Read<T>(at);
}
