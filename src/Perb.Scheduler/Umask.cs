using System.Runtime.InteropServices;

namespace Perb.Scheduler;

/// <summary>
/// What this process creates belongs to its user alone: lock, store, log, staging. SQLite and the log's library create files by the
/// umask, so whoever calls the program, with whatever umask, gets the same.
/// </summary>
internal static partial class Umask
{
    /// <summary>0077: nothing for group and others. C# has no octal numbers.</summary>
    private const uint OwnerOnly = 0b_000_111_111;

    /// <summary>For the whole process and its children; before the first file is created.</summary>
    public static void KeepPrivate() => _ = Set(OwnerOnly);

    // umask(2) cannot fail.
    [LibraryImport("libc", EntryPoint = "umask")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial uint Set(uint mask);
}
