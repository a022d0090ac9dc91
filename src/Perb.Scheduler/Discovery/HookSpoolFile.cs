using System.Runtime.InteropServices;
using Perb.Transfer.Posix;

namespace Perb.Scheduler.Discovery;

/// <summary>
/// Reads a file of the spool if it can be the hook's: a regular file of root's that nobody else can write, of at most 64 KiB. Judged
/// once it is open, and opened without following a link or waiting for a FIFO.
/// </summary>
internal static class HookSpoolFile
{
    public const int MaxBytes = 64 << 10;

    /// <summary>The content, or null and why it is refused; null without a reason where it is gone by now.</summary>
    /// <exception cref="IOException">It cannot be examined or read.</exception>
    public static byte[]? Read(string path, uint owner, out string? fault)
    {
        using var file = PlainFile.TryOpen(path, out var errno);
        if (file is null)
        {
            fault = errno switch
            {
                PlainFile.Missing => null,
                PlainFile.IsLink => "it is a symbolic link",
                _ => Marshal.GetPInvokeErrorMessage(errno),
            };
            return null;
        }

        var facts = FileFacts.Of(file, path);
        fault = FaultOf(facts, owner);
        if (fault is not null)
        {
            return null;
        }

        // What has become shorter is no whole event; nothing of the hook's becomes longer.
        var content = new byte[facts.SizeBytes];
        var length = 0;
        for (var read = -1; read != 0 && length < content.Length; length += read)
        {
            read = RandomAccess.Read(file, content.AsSpan(length), length);
        }

        return content[..length];
    }

    private static string? FaultOf(FileFacts facts, uint owner) =>
        !facts.IsRegularFile ? "it is not a regular file"
        : facts.Owner != owner ? $"it belongs to user {facts.Owner}, not to {owner}"
        : (facts.Permissions & (UnixFileMode.GroupWrite | UnixFileMode.OtherWrite)) != 0 ? "others than its owner can write it"
        : facts.SizeBytes > MaxBytes ? $"it has more than {MaxBytes} bytes"
        : null;
}
