using Microsoft.Data.Sqlite;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Monitoring;
using Perb.Scheduler.Notifying;
using Perb.Scheduler.Safety;
using Perb.Scheduler.Store;
using Perb.Tests.Configuration;
using Perb.Tests.Discovery;
using Perb.Tests.Store;

namespace Perb.Tests.Notifying;

/// <summary>Looks at a real store; each is made with new parts, as after a restart.</summary>
public sealed class LookForAlarmsTests : IAsyncLifetime
{
    private static readonly NotifySection Mail = new("mail", NotifyKind.Mail) { Digest = true };
    private static readonly NotifySection Hook = new("hook", NotifyKind.Webhook);

    private TestStore _store = null!;

    private AlarmStore Alarms => new(_store.Database, _store.Time);

    public async ValueTask InitializeAsync() => _store = await TestStore.OpenAsync();

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    [Fact]
    public async Task A_guest_that_falls_out_of_its_rpo_is_told_to_every_entry_once_and_when_it_is_safe_again()
    {
        await ExistsAsync();
        await _store.PublishAsync(Archives.Found(), "r");
        Assert.True((await LookAsync()).IsSafe);
        Assert.Empty(await TitlesAsync("mail"));

        _store.Time.Advance(TimeSpan.FromHours(21));
        Assert.False((await LookAsync()).IsSafe);
        await LaterAsync(TimeSpan.FromMinutes(1));
        await LaterAsync(TimeSpan.FromHours(1));
        Assert.Equal(["Perb on pve1: guest 100 (web) is not safe offsite"], await TitlesAsync("mail"));
        Assert.Equal(["Perb on pve1: guest 100 (web) is not safe offsite"], await TitlesAsync("hook"));

        await _store.PublishAsync(Archives.Found(daysOld: -1), "r");
        await LaterAsync(TimeSpan.FromMinutes(1));
        await LaterAsync(TimeSpan.FromMinutes(10));
        Assert.Equal(["Perb on pve1: over: guest 100 (web) is safe offsite again, until 2026-11-22 08:00:00"], await TitlesAsync("mail"));
        Assert.Empty(await Alarms.AlarmsAsync(TestStore.Stop));
    }

    [Fact]
    public async Task Nothing_is_called_safe_before_the_guests_were_seen()
    {
        Assert.False((await LookAsync()).IsSafe);

        await ExistsAsync();
        Assert.True((await LookAsync()).IsSafe); // new, and nothing of it older than its RPO

        await _store.PublishAsync(Archives.Found(101), "r");
        await _store.Discovery.NoteGuestsUnseenAsync(TestStore.Stop);
        Assert.False((await LookAsync()).IsSafe);
    }

    [Theory]
    [InlineData(2, true)] // a reconcile an hour
    [InlineData(4, false)]
    [InlineData(-24, false)] // the clock was ahead, and was set back
    public async Task Nothing_is_called_safe_where_the_node_was_not_seen_for_long(int hoursAgo, bool isSafe)
    {
        await _store.Discovery.RecordGuestsAsync([Guest(100)], _store.Time.GetUtcNow().AddHours(-hoursAgo), TestStore.Stop);

        Assert.Equal(isSafe, (await LookAsync()).IsSafe);
    }

    [Fact]
    public async Task Nothing_is_called_safe_where_the_rules_leave_out_every_guest_and_somebody_is_told()
    {
        const string slip = "\"Discovery\": { \"Include\": [ \"900-999\" ] }";
        Assert.False((await LookAsync(slip)).IsSafe);
        Assert.Empty(await Alarms.AlarmsAsync(TestStore.Stop)); // nobody has looked at the node yet
        await ExistsAsync();

        Assert.False((await LookAsync(slip)).IsSafe);

        Assert.Equal(("PERB-NODE-03", "no guest is judged"), Assert.Single((await Alarms.AlarmsAsync(TestStore.Stop)).Select(alarm => (alarm.Code, alarm.Headline))));
        Assert.True((await LookAsync()).IsSafe);
    }

    [Fact]
    public async Task A_node_that_all_guests_were_moved_away_from_misses_nothing()
    {
        await _store.PublishAsync(Archives.Found(), "r");
        await _store.Discovery.RecordGuestsAsync([], Archives.Now, TestStore.Stop);

        Assert.True((await LookAsync()).IsSafe);
        Assert.Empty(await Alarms.AlarmsAsync(TestStore.Stop));
    }

    [Fact]
    public async Task A_guest_that_is_not_looked_at_any_more_is_not_told_to_be_safe()
    {
        await ExistsAsync();
        _store.Time.Advance(TimeSpan.FromDays(2));
        await LookAsync();
        await LaterAsync(TimeSpan.FromMinutes(1));
        await TitlesAsync("mail");
        await _store.ExecuteAsync("INSERT INTO retired (guest, since) VALUES (100, '2026-11-20T02:00:01.0000000Z')");

        await LaterAsync(TimeSpan.FromMinutes(1));
        await LaterAsync(TimeSpan.FromMinutes(15));

        Assert.Equal(["Perb on pve1: over: guest 100 (web) is not judged any more: retired"], await TitlesAsync("mail"));
    }

    [Fact]
    public async Task A_thousand_lost_copies_of_a_guest_are_one_alarm_that_stays_the_same()
    {
        for (var day = 1; day <= 1000; day++)
        {
            await _store.AddAsync(Archives.Found(daysOld: day));
        }

        await _store.AddAsync(Archives.Found(101, daysOld: 1));
        await _store.ExecuteAsync("UPDATE backup SET state = 'lost'");
        var broken = await Alarms.BrokenAsync(["r"], TestStore.Stop);
        Assert.Equal([(100, 999L), (101, 0L)], broken.Select(one => (one.Backup.Guest, one.Others)).Order());
        Assert.Equal(Archives.Found(daysOld: 1).Time, broken.Single(one => one.Others > 0).Backup.ArchiveTime);
        await LookAsync();
        var before = await Alarms.AlarmsAsync(TestStore.Stop);

        await _store.AddAsync(Archives.Found());
        await _store.ExecuteAsync("UPDATE backup SET state = 'lost'");
        await LookAsync();

        Assert.Equal(before.Select(alarm => (alarm.Key, alarm.NoticedAt)), (await Alarms.AlarmsAsync(TestStore.Stop)).Select(alarm => (alarm.Key, alarm.NoticedAt)));
    }

    [Fact]
    public async Task A_store_that_takes_nothing_is_noticed_although_nothing_would_have_to_be_recorded()
    {
        await LookAsync();
        await _store.ExecuteAsync("CREATE TRIGGER no_room BEFORE INSERT ON setting BEGIN SELECT raise(ABORT, 'disk full'); END");

        await Assert.ThrowsAsync<SqliteException>(() => LookAsync());
    }

    [Theory]
    [InlineData("failed", false)]
    [InlineData("source-missing", true)]
    [InlineData("lost", true)]
    public async Task What_nobody_can_mend_is_over_with_a_newer_copy(string state, bool isOver)
    {
        await _store.AddAsync(Archives.Found(daysOld: 1));
        await _store.ExecuteAsync($"UPDATE backup SET state = '{state}', failure = 'why'");
        Assert.Single(await Alarms.BrokenAsync(["r"], TestStore.Stop));

        await _store.PublishAsync(Archives.Found(), "s");
        Assert.Single(await Alarms.BrokenAsync(["r"], TestStore.Stop));
        await _store.PublishAsync(Archives.Found(), "r");

        Assert.Equal(isOver ? 0 : 1, (await Alarms.BrokenAsync(["r"], TestStore.Stop)).Count);
    }

    [Fact]
    public async Task A_retired_guest_alarms_nobody()
    {
        await ExistsAsync();
        await _store.AddAsync(Archives.Found());
        await _store.ExecuteAsync("UPDATE backup SET state = 'lost'");
        await _store.ExecuteAsync("INSERT INTO retired (guest, since) VALUES (100, '2026-11-20T02:00:01.0000000Z')");

        await LaterAsync(TimeSpan.FromDays(3));
        await LaterAsync(TimeSpan.FromHours(1));

        Assert.Empty(await TitlesAsync("mail"));
    }

    [Fact]
    public async Task A_backup_for_a_remote_that_is_not_configured_is_the_trouble_of_that_remote_alone()
    {
        await _store.AddAsync(Archives.Found(), "former");
        await _store.ExecuteAsync("UPDATE backup SET state = 'failed'");

        await LookAsync();

        Assert.Empty(await Alarms.AlarmsAsync(TestStore.Stop));
    }

    [Fact]
    public async Task The_digest_comes_once_a_week_to_those_who_want_it_also_late()
    {
        await ExistsAsync();
        await LookAsync(); // a Friday
        await LaterAsync(TimeSpan.FromDays(1));
        Assert.Empty(await TitlesAsync("mail"));
        await _store.PublishAsync(Archives.Found(daysOld: -1), "r");

        await LaterAsync(TimeSpan.FromDays(16)); // the service was away on two Mondays
        await LaterAsync(TimeSpan.FromMinutes(1));

        Assert.Equal(
            ["Perb on pve1: the week: 1 of 1 guests late, 0 alarm(s)", "Perb on pve1: guest 100 (web) is not safe offsite"], await TitlesAsync("mail"));
        Assert.Equal(["Perb on pve1: guest 100 (web) is not safe offsite"], await TitlesAsync("hook"));
    }

    [Fact]
    public async Task The_digest_says_what_was_done_and_who_is_forgotten()
    {
        await _store.Discovery.RecordGuestsAsync(
            [Guest(100), Guest(101) with { IsCovered = false }, Guest(102) with { Name = "lab\nx" }], Archives.Now, TestStore.Stop);
        await LookAsync("\"Discovery\": { \"Exclude\": [ \"102\" ] }");
        await _store.PublishAsync(Archives.Found(100), "r");
        _store.Time.Advance(TimeSpan.FromDays(4));

        await LookAsync("\"Discovery\": { \"Exclude\": [ \"102\" ] }");

        var text = (await Alarms.OldestAsync("mail", [], TestStore.Stop))!.Content.Text;
        Assert.Contains("Guests: 0 of 2 inside their RPO, 1 not included.", text, StringComparison.Ordinal);
        Assert.Contains("In no vzdump job: guest 101 (web).", text, StringComparison.Ordinal);
        Assert.Contains("r: 1 backup(s) published, 0 B; 1 verified copies there; 0 wait.", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_entry_that_is_new_is_told_once_what_the_others_know()
    {
        await ExistsAsync();
        _store.Time.Advance(TimeSpan.FromDays(2));
        await LookAsync(entries: [Hook]);
        _store.Time.Advance(TimeSpan.FromMinutes(1));
        await LookAsync(entries: [Hook]);
        Assert.Single(await TitlesAsync("hook"));

        await LookAsync();
        await LookAsync();

        Assert.Equal(["Perb on pve1: still: guest 100 (web) is not safe offsite"], await TitlesAsync("mail"));
        Assert.Empty(await TitlesAsync("hook"));
    }

    [Fact]
    public async Task Messages_of_an_entry_that_is_gone_are_forgotten()
    {
        await ExistsAsync();
        _store.Time.Advance(TimeSpan.FromDays(2));
        await LookAsync();
        await LaterAsync(TimeSpan.FromMinutes(1));

        await Alarms.ForgetOthersAsync(["hook", "ail"], TestStore.Stop);

        Assert.Empty(await TitlesAsync("mail"));
        Assert.Single(await TitlesAsync("hook"));
    }

    private static KnownGuest Guest(int id) => new(id, "qemu", "web", null, new HashSet<string>());

    private Task ExistsAsync() => _store.Discovery.RecordGuestsAsync([Guest(100)], Archives.Now, TestStore.Stop);

    private Task<AlarmLook> LaterAsync(TimeSpan later)
    {
        _store.Time.Advance(later);
        return LookAsync();
    }

    private Task<AlarmLook> LookAsync(string change = "\"Rpo\": \"1.06:00:00\"", NotifySection[]? entries = null)
    {
        var options = Some.Options($"\"Proxmox\": {{ \"Node\": \"pve1\" }}, \"Remotes\": [ {{ \"Name\": \"r\" }} ], \"TimeZone\": \"Etc/UTC\", {change}");
        return new LookForAlarms(
            _store.Status,
            new SafetyReport(_store.Status, options, _store.Time),
            new Concerns(_store.Status, Alarms, options),
            Alarms,
            new Health(_store.Status, options, _store.Time),
            options,
            _store.Time).RunAsync(entries ?? [Mail, Hook], TestStore.Stop);
    }

    /// <summary>Takes all that waits for an entry.</summary>
    private async Task<List<string>> TitlesAsync(string entry)
    {
        var titles = new List<string>();
        while (await Alarms.OldestAsync(entry, [], TestStore.Stop) is { } next)
        {
            titles.Add(next.Content.Title);
            await Alarms.RemoveAsync(next.Id);
        }

        return titles;
    }
}
