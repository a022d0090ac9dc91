using System.Text.RegularExpressions;

namespace Perb.Transfer.Rclone;

/// <summary>The names of the remotes in rclone's configuration file, for an error message; nothing else of it is kept.</summary>
internal static partial class RcloneConfigFile
{
    private const int ShownNames = 10;

    /// <summary><c>which has gdrive, nas</c>; what cannot be read has none that rclone could know.</summary>
    public static string RemotesInWords(string file)
    {
        try
        {
            var names = File.ReadLines(file).Select(line => Section().Match(line)).Where(match => match.Success)
                .Select(match => Printable.Clean(match.Groups[1].Value, 40)).Take(ShownNames + 1).ToList();
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

    [GeneratedRegex(@"\A\[(.+)\]\s*\z")]
    private static partial Regex Section();
}
