using Perb.TestKit;

namespace Perb.IntegrationTests.Transfer;

/// <summary>The lines that a document gives to whoever restores without Perb, word by word, with a backup's name put in for X.</summary>
public static class ReadmeLines
{
    private const string Heading = "## Restore without Perb";
    private static readonly List<string> Lines = LinesOf("README.md", Heading);

    /// <summary>Fetches all files of a backup.</summary>
    public static string Fetch(string name) => For(name, Lines.Single(line => line.StartsWith("rclone copy", StringComparison.Ordinal)));

    /// <summary>Restores whichever form the backup has.</summary>
    public static string Restore(string name, int volumes) => volumes == 1 ? OneVolume(name) : SeveralVolumes(name);

    public static string OneVolume(string name) => For(name, Lines.Single(line => line.Contains("gpg -d X.enc", StringComparison.Ordinal)));

    public static string SeveralVolumes(string name) => For(name, Lines.Single(line => line.Contains("for v in", StringComparison.Ordinal)));

    /// <summary>The commands of a section: its indented lines.</summary>
    public static List<string> LinesOf(string document, string heading) =>
        [.. File.ReadLines(Repository.PathOf(document.Split('/')))
            .SkipWhile(line => line != heading)
            .Skip(1)
            .TakeWhile(line => !line.StartsWith("## ", StringComparison.Ordinal))
            .Where(line => line.StartsWith("    ", StringComparison.Ordinal))
            .Select(line => line.Trim())];

    /// <summary>A part of a line left out, to show what it is there for.</summary>
    public static string Without(this string line, string part) =>
        line.Contains(part, StringComparison.Ordinal)
            ? line.Replace(part, "", StringComparison.Ordinal)
            : throw new ArgumentException($"'{part}' is not in '{line}'", nameof(part));

    private static string For(string name, string line) => line.Replace("X.", name + ".", StringComparison.Ordinal);
}
