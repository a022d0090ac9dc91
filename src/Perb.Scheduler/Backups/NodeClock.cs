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
        return new DateTimeOffset(local, offset).ToUniversalTime();
    }
}
