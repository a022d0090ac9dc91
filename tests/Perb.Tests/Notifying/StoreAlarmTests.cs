using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Perb.Scheduler.Backups;
using Perb.Scheduler.Monitoring;
using Perb.Scheduler.Notifying;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Pipeline;
using Perb.Scheduler.Safety;
using Perb.Scheduler.Store;
using Perb.Tests.Configuration;
using Perb.Tests.Discovery;
using Perb.Tests.Store;

namespace Perb.Tests.Notifying;

/// <summary>A store that takes nothing, look after look, on a clock that the test moves.</summary>
public sealed class StoreAlarmTests
{
    private const string Began = "Perb on pve1: the store does not take what is recorded";

    private readonly FakeTimeProvider _time = new(Archives.Now);
    private readonly ScriptedNotifier _receiver = new();
    private readonly StoreAlarm _alarm;

    public StoreAlarmTests() => _alarm = new StoreAlarm(
        _receiver, new RetryPolicy(() => 0.5), Some.Options("\"Proxmox\": { \"Node\": \"pve1\" }"), _time, NullLogger<StoreAlarm>.Instance);

    [Fact]
    public async Task That_nothing_can_be_recorded_is_told_once_reminded_of_daily_and_told_to_be_over()
    {
        await LookAsync(Full, TimeSpan.FromMinutes(5));
        Assert.Empty(_receiver.Taken);

        await LookAsync(Full, TimeSpan.FromHours(30));
        Assert.Equal([Began, "Perb on pve1: still: the store does not take what is recorded"], _receiver.Taken);

        await LookAsync(null, TimeSpan.FromHours(1));
        Assert.Equal("Perb on pve1: over: the store does not take what is recorded", _receiver.Taken[^1]);
        Assert.Equal(3, _receiver.Taken.Count);
    }

    [Fact]
    public async Task A_store_that_is_locked_for_a_moment_is_told_to_nobody()
    {
        for (var round = 0; round < 50; round++)
        {
            await LookAsync(Full, TimeSpan.FromMinutes(4));
            await LookAsync(null, TimeSpan.FromMinutes(1));
        }

        Assert.Equal(0, _receiver.Attempts);
    }

    [Fact]
    public async Task A_receiver_that_fails_meanwhile_is_asked_again_with_back_off()
    {
        _receiver.Fault = new NotifyException("it answered 500");
        await LookAsync(Full, TimeSpan.FromHours(12));
        Assert.InRange(_receiver.Attempts, 10, 30);

        _receiver.Fault = null;
        await LookAsync(Full, TimeSpan.FromHours(2));
        Assert.Equal([Began], _receiver.Taken);
    }

    [Fact(Timeout = 60_000)]
    public async Task The_service_tells_it_past_the_queue_and_goes_on()
    {
        await using var store = await TestStore.OpenAsync();
        await store.ExecuteAsync("CREATE TRIGGER no_room BEFORE INSERT ON setting BEGIN SELECT raise(ABORT, 'disk full'); END");
        var (options, alarms, heartbeat) = (Some.Options("\"Proxmox\": { \"Node\": \"pve1\" }"), new AlarmStore(store.Database, store.Time), new Heartbeat(store.Time));
        var look = new LookForAlarms(
            store.Status,
            new SafetyReport(store.Status, options, store.Time),
            new Concerns(store.Status, alarms, options),
            alarms,
            new Health(store.Status, options, store.Time),
            options,
            store.Time);
        using var notifiers = new Notifiers([_receiver]);
        using var loop = new NotifyLoop(
            notifiers,
            look,
            alarms,
            new Troubles(store.Status, NullLogger<Troubles>.Instance),
            new Activities(store.Time),
            heartbeat,
            new RetryPolicy(() => 0.5),
            options,
            store.Time,
            NullLoggerFactory.Instance);
        heartbeat.Beat();
        await loop.StartAsync(TestStore.Stop);
        while (_receiver.Taken.Count == 0)
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            store.Time.Advance(TimeSpan.FromMinutes(1));
            await Task.Yield();
        }

        await loop.StopAsync(TestStore.Stop);
        Assert.Equal(Began, _receiver.Taken[0]);
    }

    private static SqliteException Full => new("database or disk is full", 13);

    private async Task LookAsync(SqliteException? fault, TimeSpan duration)
    {
        for (var until = _time.GetUtcNow() + duration; _time.GetUtcNow() < until; _time.Advance(TimeSpan.FromMinutes(1)))
        {
            await _alarm.LookedAsync(fault, TestContext.Current.CancellationToken);
        }
    }
}
