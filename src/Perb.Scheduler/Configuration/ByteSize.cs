using System.Globalization;

namespace Perb.Scheduler.Configuration;

/// <summary>Sizes and rates as people write them in the configuration: <c>4GiB</c>, <c>10MiB</c>, <c>512</c>.</summary>
public static class ByteSize
{
    public const string Expected = "a size such as \"512MiB\" or \"4GiB\"";

    private static readonly (string Suffix, long Factor)[] Units =
    [
        ("TiB", 1L << 40), ("GiB", 1L << 30), ("MiB", 1L << 20), ("KiB", 1L << 10), ("B", 1),
    ];

    public static bool TryParse(string text, out long bytes)
    {
        var (digits, factor) = (text, 1L);
        foreach (var unit in Units)
        {
            if (text.EndsWith(unit.Suffix, StringComparison.Ordinal))
            {
                (digits, factor) = (text[..^unit.Suffix.Length].TrimEnd(), unit.Factor);
                break;
            }
        }

        bytes = 0;
        if (!decimal.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            || number > long.MaxValue / factor)
        {
            return false;
        }

        bytes = (long)(number * factor);
        return true;
    }

    /// <summary>Three significant digits, binary units: <c>1.25 GiB</c>.</summary>
    public static string Format(long bytes)
    {
        foreach (var (suffix, factor) in Units)
        {
            if (bytes >= factor && factor > 1)
            {
                var value = bytes / (double)factor;
                var format = value >= 100 ? "F0" : value >= 10 ? "F1" : "F2";
                return $"{value.ToString(format, CultureInfo.InvariantCulture)} {suffix}";
            }
        }

        return $"{bytes} B";
    }
}
