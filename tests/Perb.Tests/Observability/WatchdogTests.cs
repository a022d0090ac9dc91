using System.Threading.Channels;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Perb.Scheduler.Observability;
using Perb.Tests.Configuration;
using Perb.Tests.Store;

namespace Perb.Tests.Observability;

/// <summary>systemd starts the service anew when it is not told for a while that all is well; so that has to be true when it is told.</summary>
public sealed class WatchdogTests : IAsyncDisposable
{
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(100);

    private readonly SeenTime _time = new();
    private readonly Fed _systemd = new();
    private TestStore? _store;

    public async ValueTask DisposeAsync()
    {
        if (_store is not null)
        {
            await _store.DisposeAsync();
        }
    }

    [Fact]
    public async Task It_is_fed_while_rounds_end_and_no_more_when_none_did_for_half_an_hour()
    {
        var heartbeat = new Heartbeat(_time);
        using var watchdog = await StartAsync(heartbeat, Tick);

        await TickAsync(expected: 1);
        heartbeat.Beat();
        for (var fed = 2; fed <= 19; fed++)
        {
            await TickAsync(fed);
        }

        _time.Advance(Tick);
        await watchdog.ExecuteTask!.WaitAsync(TestStore.Stop);
        Assert.Equal(19, _systemd.Count);
    }

    [Fact]
    public async Task Nobody_is_fed_who_does_not_watch()
    {
        using var watchdog = await StartAsync(new Heartbeat(_time), interval: null);

        await watchdog.ExecuteTask!.WaitAsync(TestStore.Stop);

        Assert.Equal(0, _systemd.Count);
    }

    private async Task<Watchdog> StartAsync(Heartbeat heartbeat, TimeSpan? interval)
    {
        _store = await TestStore.OpenAsync();
        var watchdog = new Watchdog(_systemd, heartbeat, _store.Status, Some.Options(), _time, NullLogger<Watchdog>.Instance) { Interval = interval };
        await watchdog.StartAsync(TestStore.Stop);
        if (interval is not null)
        {
            await _time.TimerSet.WaitAsync(TestStore.Stop);
        }

        return watchdog;
    }

    private async Task TickAsync(int expected)
    {
        _time.Advance(Tick);
        await _systemd.ReachesAsync(expected);
    }

    /// <summary>Says when somebody begins to wait: time that passes before is lost on them.</summary>
    private sealed class SeenTime : FakeTimeProvider
    {
        private readonly TaskCompletionSource _set = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task TimerSet => _set.Task;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(callback, state, dueTime, period);
            _set.TrySetResult();
            return timer;
        }
    }

    private sealed class Fed : ISystemdNotifier
    {
        private readonly Channel<int> _fed = Channel.CreateUnbounded<int>();

        public bool IsEnabled => true;

        public int Count { get; private set; }

        public void Notify(ServiceState state)
        {
            Assert.Equal("WATCHDOG=1", state.ToString());
            _fed.Writer.TryWrite(++Count);
        }

        public async Task ReachesAsync(int count) => Assert.Equal(count, await _fed.Reader.ReadAsync(TestStore.Stop));
    }
}
