using Microsoft.Extensions.Time.Testing;
using Perb.Scheduler.Retention;

namespace Perb.Tests.Retention;

public sealed class ClockWatchTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 20, 6, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_clock_that_goes_evenly_is_believed()
    {
        var time = new FakeTimeProvider(Start);
        var clock = new ClockWatch(time);
        time.Advance(TimeSpan.FromDays(400));

        Assert.Null(clock.FaultSinceLastLook(Start.AddDays(399)));
    }

    [Theory]
    [InlineData(3600)]
    [InlineData(365 * 86400)]
    public void A_jump_is_told_once(int seconds)
    {
        var time = new JumpingClock();
        var clock = new ClockWatch(time);
        time.Wall += TimeSpan.FromSeconds(seconds);

        Assert.Contains("the clock jumped by", clock.FaultSinceLastLook(null), StringComparison.Ordinal);
        Assert.Null(clock.FaultSinceLastLook(null));
    }

    [Fact]
    public void A_clock_behind_the_last_record_is_not_believed() => Assert.Contains(
        "was recorded at", new ClockWatch(new FakeTimeProvider(Start)).FaultSinceLastLook(Start.AddHours(1)), StringComparison.Ordinal);
}
