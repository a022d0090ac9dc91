using System.Globalization;

namespace Perb.Simulation;

/// <summary>The node's time and time zone. Archive names and logs are local time without a zone.</summary>
internal sealed class NodeClock(TimeProvider time, TimeZoneInfo zone)
{
    public TimeZoneInfo Zone { get; } = zone;

    public DateTimeOffset Now => time.GetUtcNow();

    public long Seconds => Now.ToUnixTimeSeconds();

    /// <summary><c>2026_11_20-02_00_01</c>, as in archive names.</summary>
    public string NameOf(DateTimeOffset instant) =>
        Local(instant).ToString("yyyy_MM_dd-HH_mm_ss", CultureInfo.InvariantCulture);

    /// <summary><c>2026-11-20 02:00:01</c>, as in logs.</summary>
    public string LogTimeOf(DateTimeOffset instant) =>
        Local(instant).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    /// <summary>
    /// Perl's timelocal: of two ambiguous instants the first; a time inside the spring gap is shifted forward by the gap,
    /// which is the same as applying the offset from before it (facts: PVE 2.3).
    /// </summary>
    public long InstantOf(DateTime local)
    {
        var offset = Zone.IsAmbiguousTime(local) ? Zone.GetAmbiguousTimeOffsets(local).Max()
            : Zone.IsInvalidTime(local) ? Zone.GetUtcOffset(local.AddHours(-3))
            : Zone.GetUtcOffset(local);
        return new DateTimeOffset(local, offset).ToUnixTimeSeconds();
    }

    public DateTime LocalOf(long seconds) => Local(DateTimeOffset.FromUnixTimeSeconds(seconds)).DateTime;

    private DateTimeOffset Local(DateTimeOffset instant) => TimeZoneInfo.ConvertTime(instant, Zone);
}
