using Perb.Tests.Discovery;

namespace Perb.Tests;

/// <summary>Its wall clock is set by hand, and its steady clock, which stands still else.</summary>
internal sealed class JumpingClock : TimeProvider
{
    public DateTimeOffset Wall { get; set; } = Archives.Now;

    public TimeSpan Steady { get; set; }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => Wall;

    public override long GetTimestamp() => Steady.Ticks;
}
