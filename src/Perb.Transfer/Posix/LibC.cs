using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Perb.Transfer.Posix;

/// <summary>The few calls of Linux that .NET has no word for. Every one reports through errno.</summary>
internal static partial class LibC
{
    public const int NoEntry = 2;
    public const int InputOutput = 5;
    public const int Exists = 17;
    public const int Invalid = 22;
    public const int NoSpace = 28;
    public const int NoSystemCall = 38;
    public const int NotDirectory = 20;
    public const int TooManyLinks = 40;
    public const int StaleHandle = 116;
    public const int NoQuota = 122;

    public const int ReadOnly = 0;
    public const int NoControllingTerminal = 0x100;
    public const int NonBlocking = 0x800;
    public const int CloseOnExec = 0x80000;

    // These two differ between the kernel's architectures; the rest is the same on x86-64 and arm64.
    public static readonly int NoFollow = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x8000 : 0x20000;
    public static readonly int Directory = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x4000 : 0x10000;

    public const int AdviseSequential = 2;
    public const int AdviseDontNeed = 4;

    public const uint SyncWaitBefore = 1;
    public const uint SyncWrite = 2;
    public const uint SyncWaitAfter = 4;

    /// <summary>What errno says, as text, with what was being done.</summary>
    public static IOException Error(string doing)
    {
        var errno = Marshal.GetLastPInvokeError();
        return new IOException($"{doing}: {Marshal.GetPInvokeErrorMessage(errno)} (errno {errno})", errno);
    }

    // `open` is variadic in C; without O_CREAT no third argument is read, so the plain form is exact.
    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial int Open(string path, int flags);

    /// <summary>The lowest free number at or above the argument, closed on exec.</summary>
    public const int DuplicateCloseOnExec = 1030;

    /// <summary>Of a pipe, in bytes (fcntl(2), F_SETPIPE_SZ).</summary>
    public const int SetPipeSize = 1031;

    // `fcntl` is variadic too; these commands' argument is an int, passed like any other on the architectures that we run on.
    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial int Control(SafeHandle file, int command, int argument);

    public const int CurrentDirectory = -100;
    public const uint RenameNoReplace = 1;

    [LibraryImport("libc", EntryPoint = "renameat2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial int Rename(int fromDirectory, string from, int toDirectory, string to, uint flags);

    [LibraryImport("libc", EntryPoint = "mkdir", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial int MakeDirectory(string path, uint mode);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial uint EffectiveUser();

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static unsafe partial int ResourceLimit(int resource, ulong* limits);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial int Sync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "fchown", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial int ChangeOwner(SafeFileHandle file, uint user, uint group);

    [LibraryImport("libc", EntryPoint = "lchown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial int ChangeOwner(string path, uint user, uint group);

    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial int Advise(SafeFileHandle file, long offset, long length, int advice);

    [LibraryImport("libc", EntryPoint = "sync_file_range", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial int SyncRange(SafeFileHandle file, long offset, long length, uint flags);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static unsafe partial int Statx(int directory, string path, int flags, uint mask, byte* buffer);
}
