using System.Text.RegularExpressions;

namespace Perb.Transfer.Rclone;

/// <summary>What has to be known of rclone's configuration file beside rclone: the names of its remotes, for an error message, and where they write on this machine.</summary>
public static partial class RcloneConfigFile
{
    private const int ShownNames = 10;
    private const int LongestChain = 10;

    /// <summary><c>which has gdrive, nas</c>; what cannot be read has none that rclone could know.</summary>
    public static string RemotesInWords(string file)
    {
        try
        {
            var names = Names(file).Select(name => Printable.Clean(name, 40)).ToList();
            return names.Count == 0 ? "which has no remote" : $"which has {string.Join(", ", names.Take(ShownNames))}{(names.Count > ShownNames ? ", …" : "")}";
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return "which is not there";
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return $"which {Environment.UserName} cannot read";
        }
    }

    /// <summary>The names of its remotes; none where it is encrypted.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The same.</exception>
    public static IReadOnlyList<string> Names(string file) =>
        [.. File.ReadLines(file).Select(line => Section().Match(line)).Where(match => match.Success).Select(match => match.Groups[1].Value)];

    /// <summary>
    /// The directories of this machine that a remote writes to, also behind others (alias, crypt, union and the like). None where the file is
    /// encrypted or cannot be read: that is for others to say.
    /// </summary>
    public static IReadOnlyList<string> DirectoriesBehind(string file, RemotePath remote)
    {
        try
        {
            return [.. Behind(Sections(File.ReadLines(file)), remote.Remote + remote.Path, LongestChain).Distinct()];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static IEnumerable<string> Behind(Dictionary<string, Dictionary<string, string>> sections, string path, int depth)
    {
        if (path.StartsWith('/'))
        {
            return [path];
        }

        var split = path.IndexOf(':', 1);
        var name = split < 0 ? "" : path[..split];
        if (depth == 0 || (name != ":local" && !sections.ContainsKey(name)))
        {
            return [];
        }

        var below = path[(split + 1)..];
        var section = name == ":local" ? new() { ["type"] = "local" } : sections[name];
        return section.GetValueOrDefault("type") switch
        {
            "local" => below.StartsWith('/') ? [below] : [],
            "alias" when section.TryGetValue("remote", out var other) => Behind(sections, below.Length == 0 ? other : $"{other.TrimEnd('/')}/{below}", depth - 1),
            "union" or "combine" when section.TryGetValue("upstreams", out var others) =>
                others.Split(' ').SelectMany(other => Behind(sections, Upstream().Replace(other, ""), depth - 1)),
            _ when section.TryGetValue("remote", out var other) => Behind(sections, other, depth - 1), // crypt and others change names
            _ => [],
        };
    }

    private static Dictionary<string, Dictionary<string, string>> Sections(IEnumerable<string> lines)
    {
        var sections = new Dictionary<string, Dictionary<string, string>>();
        var current = new Dictionary<string, string>();
        foreach (var line in lines)
        {
            if (Section().Match(line) is { Success: true } match)
            {
                sections[match.Groups[1].Value] = current = [];
            }
            else if (line.Split('=', 2) is [var key, var value])
            {
                current[key.Trim()] = value.Trim();
            }
        }

        return sections;
    }

    // Of combine the folder before it, of union the word after it.
    [GeneratedRegex(@"\A[^=:/]+=|:(?:ro|nc|writeback)\z")]
    private static partial Regex Upstream();

    [GeneratedRegex(@"\A\[(.+)\]\s*\z")]
    private static partial Regex Section();
}
