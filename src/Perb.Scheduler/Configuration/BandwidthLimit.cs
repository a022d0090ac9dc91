using System.Globalization;
using System.Text.RegularExpressions;

namespace Perb.Scheduler.Configuration;

/// <summary>
/// What rclone's <c>--bwlimit</c> takes: a rate, <c>up:down</c>, or a timetable of them. rclone applies it to each of its processes; the key
/// means the remote as a whole, so that it is divided among uploads that run at the same time.
/// </summary>
/// <param name="Entries">In their order; one without a time where there is no timetable.</param>
public sealed partial record BandwidthLimit(IReadOnlyList<BandwidthLimit.Entry> Entries)
{
    public const string Expected = "a rate such as \"10MiB\", \"8MiB:1MiB\" (up:down) or \"off\", or a timetable of rates such as \"08:00,2MiB 22:00,off\"";

    private const long Smallest = 1024; // a share of less would be none, and 0 means "no limit"

    /// <param name="At">Null, or from when on: <c>08:00</c>, <c>Mon-08:00</c>.</param>
    /// <param name="Rates">Bytes a second, one or two; null is no limit.</param>
    public sealed record Entry(string? At, IReadOnlyList<long?> Rates);

    public static bool TryParse(string text, out BandwidthLimit limit)
    {
        limit = new BandwidthLimit([]);
        var entries = new List<Entry>();
        foreach (var word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!TryEntry(word, out var entry))
            {
                return false;
            }

            entries.Add(entry);
        }

        limit = new BandwidthLimit(entries);
        return entries.Count == 1 || (entries.Count > 1 && entries.All(entry => entry.At is not null));
    }

    /// <summary>As rclone reads it, for one of so many processes.</summary>
    public string Share(int processes) => string.Join(' ', Entries.Select(entry =>
        (entry.At is { } at ? $"{at}," : "") + string.Join(':', entry.Rates.Select(rate => rate is { } bytes
            ? string.Create(CultureInfo.InvariantCulture, $"{Math.Max(bytes / processes, Smallest)}B")
            : "off"))));

    private static bool TryEntry(string word, out Entry entry)
    {
        var match = Pattern().Match(word);
        var rates = match.Groups["rate"].Captures.Select(rate => rate.Value).ToList();
        entry = new Entry(
            match.Groups["at"] is { Success: true } at ? at.Value : null, [.. rates.Select(rate => rate == "off" ? null : (long?)BytesOf(rate))]);
        return match.Success && entry.Rates.All(rate => rate is null or (> 0 and < long.MaxValue));
    }

    // Without a unit rclone counts KiB; its units are binary, with or without the i.
    private static long BytesOf(string rate)
    {
        var digits = rate.TrimEnd([.. "BbIiKkMmGgTtPp"]);
        var unit = rate.Length > digits.Length ? char.ToUpperInvariant(rate[digits.Length]) : 'K';
        return (long)(double.Parse(digits, CultureInfo.InvariantCulture) * Math.Pow(1024, "BKMGTP".IndexOf(unit, StringComparison.Ordinal)));
    }

    [GeneratedRegex(
        @"\A((?<at>((Mon|Tue|Wed|Thu|Fri|Sat|Sun)-)?([01]?[0-9]|2[0-3]):[0-5][0-9]),)?(?<rate>off|[0-9]{1,9}(\.[0-9]{1,3})?(B|[KMGTP](iB?|B)?)?)(:(?<rate>off|[0-9]{1,9}(\.[0-9]{1,3})?(B|[KMGTP](iB?|B)?)?))?\z",
        RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase)]
    private static partial Regex Pattern();
}
