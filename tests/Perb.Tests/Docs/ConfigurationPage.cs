using System.Text;
using System.Text.RegularExpressions;

namespace Perb.Tests.Docs;

/// <summary>docs/CONFIGURATION.md, made from the commented sample: a section for each section, a row for each key, its comment beside it.</summary>
internal static partial class ConfigurationPage
{
    private const string Head = """
        # Configuration

        Made from the commented sample, [`appsettings.json`](../appsettings.json), which is what counts; a test compares the two.
        On a node it is `/etc/perb/appsettings.json`, and `perb setup` writes the first one.


        """;

    public static string Of(IEnumerable<string> sample)
    {
        var page = new StringBuilder(Head);
        var path = new List<string>();
        var (section, isInTable) = ("", false);
        foreach (var line in sample)
        {
            if (Opening().Match(line) is { Success: true } opening)
            {
                path.Add(opening.Groups["key"].Value);
            }
            else if (Closing().IsMatch(line))
            {
                path.RemoveAt(path.Count - 1);
            }
            else if (line.Length > 0)
            {
                var here = string.Join(':', path.Where(word => word.Length > 0));
                if (here != section)
                {
                    page.Append($"\n## {here}\n\n");
                    (section, isInTable) = (here, false);
                }

                isInTable = Add(page, line, isInTable);
            }
        }

        return Blanks().Replace(page.ToString(), "\n\n");
    }

    /// <returns>Whether it was a row.</returns>
    private static bool Add(StringBuilder page, string line, bool isInTable)
    {
        if (Comment().Match(line) is { Success: true } comment)
        {
            // Examples keep their shape: a block of their own, indented.
            var text = comment.Groups["text"].Value.TrimStart();
            var isExample = text.StartsWith('{') || comment.Groups["text"].Value.StartsWith("  ", StringComparison.Ordinal);
            var beginsExample = isExample && text.StartsWith('{') && !ExampleBefore().IsMatch(page.ToString());
            page.Append(isInTable || beginsExample ? "\n" : "").Append(isExample ? "    " + comment.Groups["text"].Value.TrimEnd() : text).Append('\n');
            return false;
        }

        var key = Key().Match(line);
        page.Append(isInTable ? "" : "\n| Key | In the sample | |\n|---|---|---|\n")
            .Append($"| `{key.Groups["key"].Value}` | `{key.Groups["value"].Value}` | {Escaped(key.Groups["comment"].Value)} |\n");
        return true;
    }

    private static string Escaped(string text) => text.Replace("|", "\\|", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal);

    [GeneratedRegex(@"^\s*// ?(?<text>.*)$", RegexOptions.ExplicitCapture)]
    private static partial Regex Comment();

    [GeneratedRegex(@"^\s*(""(?<key>\w+)"":\s*)?[\[{]\s*(//.*)?$", RegexOptions.ExplicitCapture)]
    private static partial Regex Opening();

    [GeneratedRegex(@"^\s*""(?<key>\w+)"": (?<value>.*?),?\s*(// (?<comment>.*))?$", RegexOptions.ExplicitCapture)]
    private static partial Regex Key();

    [GeneratedRegex(@"^\s*[\]}],?$")]
    private static partial Regex Closing();

    [GeneratedRegex(@"\n {4}[^\n]*\n\z")]
    private static partial Regex ExampleBefore();

    [GeneratedRegex(@"\n{3,}")]
    private static partial Regex Blanks();
}
