using System.Text.RegularExpressions;

namespace Perb.Simulation.Vzdump;

/// <summary>The node's hook script, as vzdump finds it when a task starts.</summary>
internal static partial class VzdumpConf
{
    public static string? ScriptOf(SimulatedNodeOptions options) => options.HookScript
        ?? (File.Exists(options.VzdumpConf)
            ? File.ReadLines(options.VzdumpConf)
                .Select(line => ScriptLine().Match(line))
                .LastOrDefault(match => match.Success)?.Groups[1].Value
            : null);

    [GeneratedRegex(@"\A\s*script:\s*(\S.*?)\s*\z")]
    private static partial Regex ScriptLine();
}
