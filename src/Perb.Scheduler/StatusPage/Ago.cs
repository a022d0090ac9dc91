namespace Perb.Scheduler.StatusPage;

/// <summary>Spans of time as people say them: one number, one unit.</summary>
internal static class Ago
{
    /// <summary><c>in 5 h</c>, <c>2 d ago</c></summary>
    public static string InWords(DateTimeOffset instant, DateTimeOffset now) =>
        instant >= now ? $"in {InWords(instant - now)}" : $"{InWords(now - instant)} ago";

    public static string InWords(TimeSpan span) => span switch
    {
        { TotalSeconds: < 90 } => $"{(long)span.TotalSeconds} s",
        { TotalMinutes: < 90 } => $"{(long)span.TotalMinutes} min",
        { TotalHours: < 48 } => $"{(long)span.TotalHours} h",
        _ => $"{(long)span.TotalDays} d",
    };
}
