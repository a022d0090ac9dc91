using Perb.Scheduler.Retention;
using Perb.Scheduler.Store;
using Perb.Tests.Store;

namespace Perb.Tests.Retention;

public sealed class ClockWatchTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Start = new(2026, 11, 20, 6, 0, 0, TimeSpan.Zero);

    private readonly Clock _time = new();
    private TestStore _store = null!;

    public async ValueTask InitializeAsync() => _store = await TestStore.OpenAsync();

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    [Fact]
    public async Task A_clock_that_goes_evenly_is_believed()
    {
        var clock = Watch();
        _time.Pass(TimeSpan.FromDays(400));

        Assert.Null(await clock.FaultSinceLastLookAsync("r", isRecorded: true, TestStore.Stop));
    }

    [Theory]
    [InlineData(3600)]
    [InlineData(-3600)]
    [InlineData(365 * 86400)]
    public async Task A_jump_is_told_once_for_each_remote(int seconds)
    {
        var clock = Watch();
        Assert.Null(await clock.FaultSinceLastLookAsync("s", isRecorded: true, TestStore.Stop));
        _time.Wall += TimeSpan.FromSeconds(seconds);

        foreach (var remote in (string[])["r", "s"])
        {
            Assert.Contains("the clock jumped by", await clock.FaultSinceLastLookAsync(remote, isRecorded: true, TestStore.Stop), StringComparison.Ordinal);
            Assert.Null(await clock.FaultSinceLastLookAsync(remote, isRecorded: true, TestStore.Stop));
        }
    }

    [Fact]
    public async Task A_jump_between_two_lives_is_told()
    {
        Assert.Null(await Watch().FaultSinceLastLookAsync("r", isRecorded: true, TestStore.Stop));
        _time.Pass(TimeSpan.FromDays(3));
        _time.Wall += TimeSpan.FromDays(30);

        Assert.Contains("the clock jumped by 30.", await Watch().FaultSinceLastLookAsync("r", isRecorded: true, TestStore.Stop), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_clock_behind_anything_recorded_lately_is_not_believed()
    {
        await _store.ExecuteAsync("INSERT INTO event (at, kind, text) VALUES ('2026-11-20T07:00:00.0000000Z', 'a', 'b'), ('2026-11-20T05:00:00.0000000Z', 'a', 'b')");

        Assert.Contains("was recorded at", await Watch().FaultSinceLastLookAsync("r", isRecorded: true, TestStore.Stop), StringComparison.Ordinal);
    }

    private ClockWatch Watch() => new(new RetentionStore(_store.Database, _time), _time);

    /// <summary>A wall clock that can be set, and a steady one.</summary>
    private sealed class Clock : TimeProvider
    {
        private long _steady;

        public DateTimeOffset Wall { get; set; } = Start;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public void Pass(TimeSpan time) => (Wall, _steady) = (Wall + time, _steady + time.Ticks);

        public override DateTimeOffset GetUtcNow() => Wall;

        public override long GetTimestamp() => _steady;
    }
}
