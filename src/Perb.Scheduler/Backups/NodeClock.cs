namespace Perb.Scheduler.Backups;

/// <summary>
/// From the node's wall clock, as it stands in archive names, to an instant, exactly as PVE's Perl (<c>timelocal</c>) reads it: of two
/// ambiguous instants the first; a time inside the spring gap moves forward by the gap. .NET would take the second and throw.
/// </summary>
public static class NodeClock
{
    public static DateTimeOffset ToInstant(DateTime local, TimeZoneInfo zone)
    {
        local = DateTime.SpecifyKind(local, DateTimeKind.Unspecified);
        var offset = zone.IsAmbiguousTime(local)
            ? zone.GetAmbiguousTimeOffsets(local).Max()
            : zone.IsInvalidTime(local)
                ? zone.GetUtcOffset(local.AddDays(-1))
                : zone.GetUtcOffset(local);

        // A name may say year 1 or 9999: the zone must not push it off the calendar, or one odd file would end every listing.
        var ticks = Math.Clamp(local.Ticks - offset.Ticks, DateTime.MinValue.Ticks, DateTime.MaxValue.Ticks);
        return new DateTimeOffset(ticks, TimeSpan.Zero);
    }
}
