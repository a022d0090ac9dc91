namespace Perb.Transfer.Rclone;

/// <summary>A run of rclone that did not do what it was asked for.</summary>
public class RcloneException(RcloneFailure kind, string message, int? exitCode, string lastLines, Exception? cause)
    : Exception(message, cause)
{
    public RcloneException(RcloneFailure kind, string message)
        : this(kind, message, exitCode: null, lastLines: "", cause: null)
    {
    }

    public RcloneFailure Kind { get; } = kind;

    /// <summary>Null where rclone was stopped or never started.</summary>
    public int? ExitCode { get; } = exitCode;

    /// <summary>The end of what rclone said, a line each, cleaned and bounded; for the debug log and <c>show</c>.</summary>
    public string LastLines { get; } = lastLines;

    /// <summary>True where the same call may succeed later without anybody's help.</summary>
    public bool IsTransient => Kind is
        RcloneFailure.Temporary or RcloneFailure.Quota or RcloneFailure.LimitReached or RcloneFailure.Stalled or RcloneFailure.Killed;

    internal static RcloneException FromExit(RcloneCommand command, int exitCode, RcloneLog log, string? configFile)
    {
        var kind = RcloneExit.Classify(exitCode, log.LastLines);
        var what = log.LastLine.Length == 0 ? "it said nothing" : log.LastLine;
        return new RcloneException(
            kind, $"rclone {command} failed (exit {exitCode}): {what}{HintFor(command, kind, log, configFile)}", exitCode, log.LastLines, cause: null);
    }

    private static string HintFor(RcloneCommand command, RcloneFailure kind, RcloneLog log, string? configFile) => kind switch
    {
        RcloneFailure.NoRetry or RcloneFailure.Temporary or RcloneFailure.Unexpected when RcloneExit.IsFull(log.LastLines) =>
            command.IsUpload ? "; the remote is full: free space there" : "; this machine's disk is full: free space here",
        RcloneFailure.Configuration when configFile is not null && RcloneExit.IsUnknownRemote(log.LastLines) =>
            $"; Rclone:ConfigFile is {configFile}, {RcloneConfigFile.RemotesInWords(configFile)}",
        RcloneFailure.Configuration => "; check the remote's path and Rclone:ConfigFile",
        RcloneFailure.NoRetry => "; check the remote's login, rights and free space",
        RcloneFailure.Quota => "; the provider's quota is used up, it is asked again once an hour",
        RcloneFailure.LimitReached => "; a limit in Rclone:Environment was reached, or the remote gives more than it lists",
        _ => "",
    };
}

/// <summary>There is no program to run.</summary>
public sealed class RcloneMissingException(string program, Exception? cause) : RcloneException(
    RcloneFailure.Configuration,
    $"rclone is not installed or Rclone:Program ('{Printable.Clean(program, 100)}') is wrong: apt install rclone",
    exitCode: null,
    lastLines: "",
    cause);
