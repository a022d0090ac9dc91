namespace Perb.Scheduler.Configuration;

/// <summary>
/// A file that decides who can read backups, where they go, or what runs here: whoever can write it decides too, so that may be its
/// owner only. SSH and sudo ask the same of theirs.
/// </summary>
internal static class TrustedFile
{
    private const UnixFileMode WritableByOthers = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    /// <summary>One line with its remedy, or null; also null where there is no such file: whoever opens it says so.</summary>
    /// <param name="subject">What the line begins with.</param>
    /// <param name="path">The file; of a link, its target.</param>
    /// <param name="danger">What could come of it, after "so".</param>
    public static string? FaultOf(string subject, string path, string danger) =>
        File.Exists(path) && (File.GetUnixFileMode(path) & WritableByOthers) != 0
            ? $"{subject}: others than its owner can write it, so {danger}: chmod go-w {path}"
            : null;
}
