using System.Runtime.InteropServices;

namespace Perb.Scheduler.Configuration;

/// <summary>
/// Whether a file is there and this user may read it. A name that cannot be looked up, because a directory above cannot be entered, is not
/// a file that is missing. The kernel is asked and nothing is opened: what lies there may be a FIFO.
/// </summary>
internal static partial class ReadableFile
{
    private const int MayRead = 4;
    private const int NoEntry = 2;
    private const int NotDirectory = 20;
    private const int NoAccess = 13;

    /// <summary>It is there, or may be, but not for this user.</summary>
    public static bool IsDenied(string path) => Ask(path) == NoAccess;

    /// <summary>What is wrong, with what to do, in one line; or null.</summary>
    public static string? FaultOf(string path) => Ask(path) switch
    {
        0 when Directory.Exists(path) => "is a directory, and must be a file",
        0 => null,
        NoEntry or NotDirectory => "is not there; give the absolute path of a file",
        _ => $"cannot be read by {Environment.UserName}: chown {Environment.UserName} {path}, and its directory must let {Environment.UserName} in",
    };

    private static int Ask(string path) => Access(path, MayRead) == 0 ? 0 : Marshal.GetLastPInvokeError();

    [LibraryImport("libc", EntryPoint = "access", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int Access(string path, int mode);
}
