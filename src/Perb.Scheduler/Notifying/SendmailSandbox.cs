namespace Perb.Scheduler.Notifying;

/// <summary>
/// Postfix's sendmail hands mail to <c>postdrop</c>, which is set-gid; others are set-uid themselves. In a unit with
/// <c>NoNewPrivileges</c> those bits do nothing: postdrop may not write to its queue and waits for ever. Better said at once than after a minute.
/// </summary>
internal static class SendmailSandbox
{
    private const string Postdrop = "/usr/sbin/postdrop";

    /// <summary>Null: it can work.</summary>
    public static string? FaultOf(string program) => FaultOf(program, Postdrop, ReadStatus(), Environment.IsPrivilegedProcess);

    /// <summary>It rests on bits that a confined service does not get.</summary>
    public static bool MayDifferInService(string program) => FaultOf(program, Postdrop, "NoNewPrivs:\t1", isRoot: false) is not null;

    /// <param name="program">Sendmail.</param>
    /// <param name="postdrop">Beside it where it is Postfix's.</param>
    /// <param name="status">The text of /proc/self/status.</param>
    /// <param name="isRoot">Root needs none of those bits.</param>
    internal static string? FaultOf(string program, string postdrop, string status, bool isRoot)
    {
        var isConfined = status.Split('\n').Any(line => line.StartsWith("NoNewPrivs:", StringComparison.Ordinal) && line.TrimEnd().EndsWith('1'));
        var isOfPostfix = Path.GetDirectoryName(program) == Path.GetDirectoryName(postdrop) && HasBit(postdrop);
        return !isRoot && isConfined && (isOfPostfix || HasBit(program))
            ? $"{program} cannot queue mail in this service's sandbox (NoNewPrivileges): use the kind smtp with Host localhost, or set NoNewPrivileges=no in the unit"
            : null;
    }

    private static bool HasBit(string program) =>
        File.Exists(program) && (File.GetUnixFileMode(program) & (UnixFileMode.SetUser | UnixFileMode.SetGroup)) != 0;

    private static string ReadStatus()
    {
        try
        {
            return File.ReadAllText("/proc/self/status");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return ""; // then the program itself tells
        }
    }
}
