using System.Text.RegularExpressions;

namespace Perb.Scheduler.Setup;

/// <summary>
/// The lines of <c>/etc/vzdump.conf</c>, <c>key: value</c>, of which the last one of a key counts. Pure; whatever is not about the script
/// stays byte for byte.
/// </summary>
internal static partial class VzdumpConf
{
    /// <summary>The hook script that is set; null: none.</summary>
    public static string? ScriptOf(string text) => Scripts(text).LastOrDefault()?.Groups["path"].Value;

    /// <summary>With this script as the only one, where the last one was, or at the end.</summary>
    public static string With(string text, string script)
    {
        var line = $"script: {script}\n";
        return Scripts(text).LastOrDefault() is { } last
            ? Without(text[..last.Index]) + line + text[(last.Index + last.Length)..]
            : text + (text.Length == 0 || text.EndsWith('\n') ? "" : "\n") + line;
    }

    /// <summary>With no script set.</summary>
    public static string Without(string text) => Script().Replace(text, "");

    private static IEnumerable<Match> Scripts(string text) => Script().Matches(text);

    // As PVE::JSONSchema::parse_config reads it: blanks around key and value do not count.
    [GeneratedRegex(@"^[ \t]*script[ \t]*:[ \t]*(?<path>[^\s](?:[^\n]*[^\s])?)[ \t\r]*(?:\n|\z)", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Script();
}
