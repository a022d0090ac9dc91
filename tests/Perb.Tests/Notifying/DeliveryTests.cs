using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Perb.Scheduler.Backups;
using Perb.Scheduler.Notifying;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Store;
using Perb.Tests.Store;

namespace Perb.Tests.Notifying;

public sealed class DeliveryTests : IAsyncLifetime
{
    private readonly ScriptedNotifier _receiver = new();
    private TestStore _store = null!;

    private AlarmStore Alarms => new(_store.Database, _store.Time);

    public async ValueTask InitializeAsync() => _store = await TestStore.OpenAsync();

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    [Fact]
    public async Task Messages_are_delivered_once_and_in_their_order()
    {
        await QueueAsync("one", "two");

        Assert.Null(await DeliverAsync());
        Assert.Null(await DeliverAsync());

        Assert.Equal(["one", "two"], _receiver.Taken);
    }

    [Fact]
    public async Task A_receiver_that_fails_for_a_day_gets_all_of_it_afterwards_and_is_trouble_meanwhile()
    {
        await QueueAsync("one", "two");
        _receiver.Fault = new NotifyException("it answered 500");
        var (began, attempts) = (_store.Time.GetUtcNow(), 0);
        while (_store.Time.GetUtcNow() - began < TimeSpan.FromDays(1))
        {
            var wait = await DeliverAsync();
            Assert.InRange(wait!.Value, TimeSpan.FromSeconds(20), RetryPolicy.LongestWait);
            Assert.InRange((await DeliverAsync())!.Value, TimeSpan.Zero, wait.Value); // not before its time, also after a restart
            _store.Time.Advance(wait.Value);
            attempts++;
        }

        Assert.InRange(attempts, 20, 40);
        Assert.Equal(attempts, _receiver.Attempts);
        var trouble = Assert.Single(await _store.Status.TroublesAsync(TestStore.Stop));
        Assert.Equal("notification by hook", trouble.Subject);
        Assert.Contains("it answered 500", trouble.Text, StringComparison.Ordinal);

        _receiver.Fault = null;
        Assert.Null(await DeliverAsync());
        Assert.Equal(["one", "two"], _receiver.Taken);
        Assert.Empty(await _store.Status.TroublesAsync(TestStore.Stop));
    }

    [Fact]
    public async Task What_gathers_while_a_receiver_is_away_is_told_as_one()
    {
        _receiver.Fault = new NotifyException("it answered 500");
        foreach (var subject in (string[])["a", "b", "c"])
        {
            var alarm = Alarm.Of(new Concern(subject, AlarmCode.Remote, subject, null, $"trouble with {subject}", subject, null, true), _store.Time.GetUtcNow());
            var step = new AlarmStep([], new Announcement([alarm], [], [], IsReminder: false));
            await Alarms.RecordAsync([], step, NotificationText.Of(step.Announcement!, new Dictionary<string, Ending>(), "pve1", TimeZoneInfo.Utc, _store.Time.GetUtcNow()), ["hook"]);
        }

        var wait = await DeliverAsync();
        Assert.Equal(wait, await DeliverAsync()); // as before: not sooner
        Assert.Single(await Alarms.WaitingAsync("hook", TestStore.Stop));

        _receiver.Fault = null;
        _store.Time.Advance(wait!.Value);
        Assert.Null(await DeliverAsync());
        Assert.Equal(["Perb on pve1: 3 alarms"], _receiver.Taken);
    }

    [Fact]
    public async Task A_message_that_nobody_took_for_a_week_is_given_up_and_the_next_is_tried()
    {
        await QueueAsync("old");
        _store.Time.Advance(TimeSpan.FromDays(7.1));
        await QueueAsync("new");
        _receiver.Fault = new NotifyException("no");

        Assert.NotNull(await DeliverAsync());

        Assert.Equal("new", (await Alarms.OldestAsync("hook", [], TestStore.Stop))!.Content.Title);
    }

    [Fact]
    public async Task Trouble_ends_when_what_failed_was_given_up_and_nothing_waits()
    {
        await QueueAsync("old");
        _receiver.Fault = new NotifyException("no");
        Assert.NotNull(await DeliverAsync());
        Assert.Single(await _store.Status.TroublesAsync(TestStore.Stop));

        _store.Time.Advance(TimeSpan.FromDays(7.1));
        Assert.Null(await DeliverAsync());

        Assert.Empty(_receiver.Taken);
        Assert.Empty(await _store.Status.TroublesAsync(TestStore.Stop));
    }

    [Fact]
    public async Task Trouble_lasts_while_one_that_was_refused_for_what_it_is_waits_also_after_a_restart()
    {
        _receiver.Unwanted = "too long";
        await QueueAsync("too long");
        var wait = await DeliverAsync();
        await QueueAsync("two");
        _store.Time.Advance(wait!.Value);

        Assert.NotNull(await DeliverAsync());

        Assert.Equal(["two"], _receiver.Taken);
        Assert.Single(await _store.Status.TroublesAsync(TestStore.Stop));
    }

    [Fact]
    public async Task What_was_refused_and_made_room_for_newer_messages_is_no_trouble_any_more()
    {
        var delivery = NewDelivery();
        _receiver.Unwanted = "too long";
        await QueueAsync("too long");
        Assert.NotNull(await delivery.RunAsync(TestStore.Stop));
        await QueueAsync([.. Enumerable.Range(0, 200).Select(number => $"{number}")]);

        Assert.Null(await delivery.RunAsync(TestStore.Stop));

        Assert.Equal(200, _receiver.Taken.Count);
        Assert.Empty(await _store.Status.TroublesAsync(TestStore.Stop));
    }

    [Fact]
    public async Task A_fault_that_nobody_thought_of_is_tried_again_like_any_other()
    {
        await QueueAsync("one");
        _receiver.Fault = new InvalidOperationException("a bug\nof two lines");

        Assert.NotNull(await DeliverAsync());

        Assert.Contains("InvalidOperationException", Assert.Single(await _store.Status.TroublesAsync(TestStore.Stop)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_message_that_is_refused_for_what_it_is_holds_up_no_other_and_is_tried_for_its_week()
    {
        var delivery = NewDelivery();
        _receiver.Unwanted = "too long";
        await QueueAsync("one", "too long", "two");

        var wait = await delivery.RunAsync(TestStore.Stop);
        await QueueAsync("three");
        Assert.Equal(wait, await delivery.RunAsync(TestStore.Stop));

        Assert.Equal(["one", "two", "three"], _receiver.Taken);
        Assert.Equal(4, _receiver.Attempts);
        Assert.Single(await _store.Status.TroublesAsync(TestStore.Stop));

        _receiver.Unwanted = null;
        _store.Time.Advance(wait!.Value);
        Assert.Null(await delivery.RunAsync(TestStore.Stop));
        Assert.Equal("too long", _receiver.Taken[^1]);
        Assert.Empty(await _store.Status.TroublesAsync(TestStore.Stop));
    }

    [Fact]
    public async Task A_message_that_was_sent_and_cannot_be_removed_is_not_sent_again()
    {
        var delivery = NewDelivery();
        await QueueAsync("one", "two");
        await _store.ExecuteAsync("CREATE TRIGGER no_room BEFORE DELETE ON notification BEGIN SELECT raise(ABORT, 'disk full'); END");
        await Assert.ThrowsAsync<SqliteException>(() => delivery.RunAsync(TestStore.Stop));
        await Assert.ThrowsAsync<SqliteException>(() => delivery.RunAsync(TestStore.Stop));
        Assert.Equal(["one"], _receiver.Taken);

        await _store.ExecuteAsync("DROP TRIGGER no_room");
        Assert.Null(await delivery.RunAsync(TestStore.Stop));
        Assert.Equal(["one", "two"], _receiver.Taken);
    }

    [Fact]
    public async Task A_message_that_another_version_made_and_nobody_can_read_is_told_as_such()
    {
        await QueueAsync("one", "two");
        await _store.ExecuteAsync("UPDATE notification SET content = '{ \"kind\": \"Unheard\" }' WHERE id = 1");

        Assert.Null(await DeliverAsync());

        Assert.Equal(["Perb: a message that cannot be read", "two"], _receiver.Taken);
    }

    [Fact]
    public async Task A_clock_that_was_set_back_delays_nothing()
    {
        await QueueAsync("one");
        await _store.ExecuteAsync("UPDATE notification SET next_attempt_at = '2036-11-20T02:00:01.0000000Z'");

        Assert.Null(await DeliverAsync());
        Assert.Equal(["one"], _receiver.Taken);
    }

    [Fact]
    public async Task No_more_than_the_latest_200_messages_wait()
    {
        await QueueAsync([.. Enumerable.Range(0, 205).Select(number => $"{number}")]);

        await DeliverAsync();

        Assert.Equal(200, _receiver.Taken.Count);
        Assert.Equal("5", _receiver.Taken[0]);
    }

    private async Task QueueAsync(params string[] titles)
    {
        foreach (var title in titles)
        {
            await Alarms.RecordDigestAsync(NotificationText.Test("pve1", _store.Time.GetUtcNow()) with { Title = title }, ["hook"]);
        }
    }

    private Task<TimeSpan?> DeliverAsync() => NewDelivery().RunAsync(TestStore.Stop);

    private Delivery NewDelivery() => new(
        _receiver,
        Alarms,
        new Troubles(_store.Status, NullLogger<Troubles>.Instance),
        new RetryPolicy(() => 0.5),
        TimeZoneInfo.Utc,
        _store.Time,
        NullLogger<Delivery>.Instance);
}
