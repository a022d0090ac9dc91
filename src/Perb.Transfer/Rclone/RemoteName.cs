namespace Perb.Transfer.Rclone;

/// <summary>
/// The first part of an rclone path: <c>name:</c>, <c>name,option=value:</c>, <c>:backend:</c> or <c>:backend,option="a:b":</c>.
/// A colon inside a quoted value does not end it, and a quote is doubled to stand for itself (rclone's documentation,
/// "Connection strings").
/// </summary>
internal static class RemoteName
{
    /// <summary>Where the closing colon is, or -1.</summary>
    public static int End(string text)
    {
        var at = EndOfName(text);
        while (at < text.Length && text[at] == ',')
        {
            at = IndexOfAny(text, "=,:", at + 1);
            if (at < text.Length && text[at] == '=')
            {
                at = EndOfValue(text, at + 1);
            }
        }

        return at < text.Length && text[at] == ':' ? at : -1;
    }

    public static string? FaultOf(string text)
    {
        var name = text[..EndOfName(text)].TrimStart(':');
        return End(text) < 0
            ? "it names neither a remote (gdrive:perb) nor an absolute directory (/mnt/offsite)"
            : name.Length == 0
                ? "the remote has no name"
                : name.All(character => char.IsLetterOrDigit(character) || "_-.+@ ".Contains(character))
                    ? null
                    : "a remote's name holds letters, digits, spaces and _ - . + @ only";
    }

    public static string WithoutParameters(string remote)
    {
        var end = EndOfName(remote);
        return end < remote.Length && remote[end] == ',' ? $"{remote[..end]},…:" : remote;
    }

    private static int EndOfName(string text) => IndexOfAny(text, ",:", text.StartsWith(':') ? 1 : 0);

    private static int EndOfValue(string text, int at)
    {
        if (at >= text.Length || text[at] is not ('"' or '\''))
        {
            return IndexOfAny(text, ",:", at);
        }

        var quote = text[at++];
        while (at < text.Length)
        {
            if (text[at] != quote)
            {
                at++;
            }
            else if (at + 1 < text.Length && text[at + 1] == quote)
            {
                at += 2;
            }
            else
            {
                return at + 1;
            }
        }

        return at;
    }

    private static int IndexOfAny(string text, string characters, int from)
    {
        var found = from < text.Length ? text.AsSpan(from).IndexOfAny(characters) : -1;
        return found < 0 ? text.Length : from + found;
    }
}
