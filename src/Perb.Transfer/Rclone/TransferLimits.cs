namespace Perb.Transfer.Rclone;

/// <param name="Bandwidth">A rate or a timetable as rclone's <c>--bwlimit</c> takes it, for one run; null is no limit.</param>
public sealed record TransferLimits(string? Bandwidth)
{
    public static TransferLimits None { get; } = new((string?)null);
}
