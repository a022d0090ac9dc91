using System.Globalization;
using Perb.Scheduler.Discovery;

namespace Perb.Scheduler.Waiting;

/// <summary>What the hook asks of <c>perb hook wait</c>: whose archives, and for how long at most.</summary>
public sealed record WaitOptions(VzdumpWorker Worker, TimeSpan Longest)
{
    private const long LongestSeconds = 365L * 86400;

    /// <summary><c>2h</c>, <c>90m</c>, <c>45s</c>, <c>1d</c>; a number alone means seconds; a year is the longest.</summary>
    public static bool TryParseDuration(string text, out TimeSpan duration)
    {
        duration = default;
        var (digits, seconds) = text.Length == 0 ? ("", 0) : text[^1] switch
        {
            's' => (text[..^1], 1),
            'm' => (text[..^1], 60),
            'h' => (text[..^1], 3600),
            'd' => (text[..^1], 86400),
            _ => (text, 1),
        };
        if (!int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count == 0)
        {
            return false;
        }

        duration = TimeSpan.FromSeconds(Math.Min((long)count * seconds, LongestSeconds));
        return true;
    }
}
