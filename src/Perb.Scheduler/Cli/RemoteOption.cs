using Perb.Scheduler.Configuration;

namespace Perb.Scheduler.Cli;

/// <summary><c>--remote R</c>.</summary>
internal static class RemoteOption
{
    /// <summary>Null: not given, or a remote that is configured.</summary>
    public static string? FaultOf(string? remote, Settings settings) =>
        remote is null || settings.Options.Remotes.Any(known => known.Name == remote)
            ? null
            : $"--remote {remote}: there is no such remote in {settings.File}; it has: "
                + string.Join(", ", settings.Options.Remotes.Select(known => known.Name));
}
