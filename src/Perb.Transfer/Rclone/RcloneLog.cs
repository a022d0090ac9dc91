using System.Text.Json;
using System.Text.RegularExpressions;

namespace Perb.Transfer.Rclone;

/// <summary>
/// What one run says on stderr: JSON lines, some with statistics, and now and then a line of plain text (errors before
/// rclone has read its flags). Keeps the last lines for the error message.
/// </summary>
internal sealed partial class RcloneLog(RcloneCommand command)
{
    private const int KeptLines = 20;
    private const int LineLength = 500;

    private readonly Queue<string> _lines = new(KeptLines);

    public string LastLine { get; private set; } = "";

    public string LastLines => string.Join('\n', _lines);

    /// <summary>Takes a line and tells what it was: progress, words, or (both null) nothing.</summary>
    public (TransferProgress? Progress, string? Words) Add(string line)
    {
        var parsed = Parse(line);
        if (parsed?.Stats is { } stats)
        {
            return (stats.ToProgress(), null);
        }

        var words = Printable.Clean(command.Redact(WordsOf(parsed, line)), LineLength);
        if (words.Length == 0)
        {
            return (null, null);
        }

        if (_lines.Count == KeptLines)
        {
            _lines.Dequeue();
        }

        _lines.Enqueue(words);
        LastLine = words;
        return (null, words);
    }

    private static string WordsOf(LogLine? parsed, string line) => parsed switch
    {
        { Msg: { } message, Object: { Length: > 0 } about } => $"{about}: {message}",
        { Msg: { } message } => message,
        _ => PlainTime().Replace(line, ""),
    };

    private static LogLine? Parse(string line)
    {
        if (!line.StartsWith('{'))
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize(line, RcloneJson.Default.LogLine);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    [GeneratedRegex(@"^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d ")]
    private static partial Regex PlainTime();
}
