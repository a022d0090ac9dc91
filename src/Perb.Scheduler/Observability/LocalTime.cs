using System.Globalization;

namespace Perb.Scheduler.Observability;

/// <summary>An instant as people are told it, in the log and by the commands alike.</summary>
public static class LocalTime
{
    public static string InWords(DateTimeOffset instant, TimeZoneInfo zone) =>
        TimeZoneInfo.ConvertTime(instant, zone).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
}
