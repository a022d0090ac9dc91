using System.Globalization;

namespace Perb.Scheduler.Configuration;

/// <summary>A daily span of local time, <c>22:00-06:00</c>; it may pass midnight.</summary>
public sealed record DayWindow(TimeOnly From, TimeOnly Until)
{
    public const string Expected = "a daily window such as \"22:00-06:00\"";

    public bool Contains(TimeOnly time) => time.IsBetween(From, Until);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{From:HH:mm}-{Until:HH:mm}");

    public static bool TryParse(string text, out DayWindow window)
    {
        window = new DayWindow(default, default);
        var parts = text.Split('-');
        if (parts.Length != 2 || !TryTime(parts[0], out var from) || !TryTime(parts[1], out var until) || from == until)
        {
            return false;
        }

        window = new DayWindow(from, until);
        return true;
    }

    private static bool TryTime(string text, out TimeOnly time) =>
        TimeOnly.TryParseExact(text, "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out time);
}
