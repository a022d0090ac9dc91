using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Perb.Transfer.Posix;

/// <summary>Opens what somebody else may have put there: no link is followed, no FIFO or device waited for.</summary>
public static class PlainFile
{
    /// <summary>Nothing has the name.</summary>
    public const int Missing = LibC.NoEntry;

    /// <summary>A symbolic link has it.</summary>
    public const int IsLink = LibC.TooManyLinks;

    /// <summary>For reading; null, and errno, where it cannot be opened. What kind of file it is has to be asked then.</summary>
    public static SafeFileHandle? TryOpen(string path, out int errno)
    {
        var descriptor = LibC.Open(
            path, LibC.ReadOnly | LibC.NoFollow | LibC.CloseOnExec | LibC.NoControllingTerminal | LibC.NonBlocking);
        errno = descriptor < 0 ? Marshal.GetLastPInvokeError() : 0;
        return descriptor < 0 ? null : new SafeFileHandle(descriptor, ownsHandle: true);
    }
}
