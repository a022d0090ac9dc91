using Microsoft.Extensions.Logging;

namespace Perb.Transfer.Rclone;

/// <summary>Everything that running rclone says; event ids 7000–7099.</summary>
internal static partial class Log
{
    [LoggerMessage(7001, LogLevel.Debug, "rclone {Command} runs as process {ProcessId}")]
    public static partial void RcloneStarted(this ILogger logger, RcloneCommand command, int processId);

    [LoggerMessage(7002, LogLevel.Debug, "rclone {Command} says: {Words}")]
    public static partial void RcloneSaid(this ILogger logger, RcloneCommand command, string words);

    [LoggerMessage(7003, LogLevel.Debug, "rclone {Command} ended with {ExitCode} after {Elapsed}")]
    public static partial void RcloneEnded(this ILogger logger, RcloneCommand command, int exitCode, TimeSpan elapsed);

    [LoggerMessage(7004, LogLevel.Warning, "Ended rclone process {ProcessId}, which an earlier run of Perb left behind")]
    public static partial void RcloneSurvivorEnded(this ILogger logger, int processId);

    [LoggerMessage(7005, LogLevel.Warning, "{Directory} cannot be removed, rclone left something in it: {Reason}")]
    public static partial void FetchedFilesLeft(this ILogger logger, string directory, string reason);
}
