namespace Perb.Transfer.Rclone;

/// <summary>
/// Finds a program as a shell does: by PATH only. .NET would look beside the running program and in the current directory
/// first, so that <c>perb restore</c>, run by root in a foreign directory, would run a file called rclone there.
/// </summary>
internal static class ProgramFile
{
    public const string DefaultPath = "/usr/sbin:/usr/bin:/sbin:/bin";

    private const UnixFileMode Execute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>The PATH that programs are looked up in, and that they are given.</summary>
    public static string SearchPath => Environment.GetEnvironmentVariable("PATH") is { Length: > 0 } path ? path : DefaultPath;

    /// <summary>The absolute path, or null where there is none.</summary>
    public static string? Find(string program, string searchPath) => program.Contains('/')
        ? IsProgram(program) ? Path.GetFullPath(program) : null
        : searchPath.Split(':')
            .Where(Path.IsPathRooted)
            .Select(folder => Path.Combine(folder, program))
            .FirstOrDefault(IsProgram);

    private static bool IsProgram(string file) =>
        OperatingSystem.IsLinux() && File.Exists(file) && (File.GetUnixFileMode(file) & Execute) != UnixFileMode.None;
}
