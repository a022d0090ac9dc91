using Perb.ProxmoxClient;
using Perb.Scheduler.Backups;
using Perb.Scheduler.Store;
using Perb.Tests.Discovery;

namespace Perb.Tests.Store;

public sealed class StatusStoreTests : IAsyncLifetime
{
    private TestStore _store = null!;

    public async ValueTask InitializeAsync() => _store = await TestStore.OpenAsync();

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    [Fact]
    public async Task Trouble_is_remembered_from_its_first_sight_until_it_is_over()
    {
        var since = _store.Time.GetUtcNow();
        Assert.True(await _store.Status.RaiseAsync("proxmox", "away", TestStore.Stop));
        Assert.False(await _store.Status.RaiseAsync("proxmox", "away", TestStore.Stop));
        _store.Time.Advance(TimeSpan.FromHours(1));
        Assert.True(await _store.Status.RaiseAsync("proxmox", "refused", TestStore.Stop));

        Assert.Equal([new Trouble("proxmox", since, "refused")], await _store.Status.TroublesAsync(TestStore.Stop));

        await _store.ExecuteAsync("UPDATE trouble SET since = '2036-11-20T02:00:01.0000000Z'"); // by a clock that was set back since
        Assert.True(await _store.Status.RaiseAsync("proxmox", "refused", TestStore.Stop));
        Assert.Equal(_store.Time.GetUtcNow(), Assert.Single(await _store.Status.TroublesAsync(TestStore.Stop)).Since);

        Assert.True(await _store.Status.ClearAsync("proxmox", TestStore.Stop));
        Assert.False(await _store.Status.ClearAsync("proxmox", TestStore.Stop));
        Assert.Empty(await _store.Status.TroublesAsync(TestStore.Stop));
    }

    [Fact]
    public async Task Times_are_noted_by_name()
    {
        Assert.Null(await _store.Status.TimeOfAsync("last poll", TestStore.Stop));
        await _store.Status.NoteTimeAsync("last poll", Archives.Now, TestStore.Stop);
        await _store.Status.NoteTimeAsync("last poll", Archives.Now.AddTicks(1), TestStore.Stop);

        Assert.Equal(Archives.Now.AddTicks(1), await _store.Status.TimeOfAsync("last poll", TestStore.Stop));
    }

    [Fact]
    public async Task A_list_is_by_remote_and_guest()
    {
        await _store.AddAsync(Archives.Found(101));
        await _store.AddAsync(Archives.Found(100));
        await _store.AddAsync(Archives.Found(100), "s");

        Assert.Equal([(100, "r"), (100, "s"), (101, "r")], await ListAsync(null, null));
        Assert.Equal([(100, "r"), (101, "r")], await ListAsync("r", null));
        Assert.Equal([(100, "r"), (100, "s")], await ListAsync(null, 100));
        Assert.Empty(await ListAsync("t", null));
    }

    [Fact]
    public async Task The_queue_shows_first_what_is_being_done()
    {
        await _store.AddAsync(Archives.Found(100));
        await _store.AddAsync(Archives.Found(101, daysOld: 1));
        await _store.PublishAsync(Archives.Found(102), "s");
        await _store.ExecuteAsync("UPDATE backup SET settled = 0 WHERE guest = 100");
        var claim = await _store.ClaimAsync();
        var activity = new Activity("upload", 1, 3, 5, 10, 2);
        await _store.Claims.RenewAsync(claim, activity, TestStore.Stop);

        var queue = await _store.Status.QueueAsync(TestStore.Stop);

        Assert.Equal([(101, activity), (100, null)], queue.Select(entry => (entry.Backup.Guest, entry.Activity)));
    }

    [Fact]
    public async Task A_guest_shows_its_newest_archive_and_copy_by_remote()
    {
        await _store.PublishAsync(Archives.Found(100, daysOld: 3), "r", VerifyLevel.Hash);
        await _store.PublishAsync(Archives.Found(100, daysOld: 4), "r", VerifyLevel.Size);
        await _store.AddAsync(Archives.Found(100, daysOld: 1));
        await _store.Discovery.RecordGuestsAsync(
            [new KnownGuest(100, "qemu", "web", null, new HashSet<string>()), new KnownGuest(102, "lxc", null, null, new HashSet<string>())],
            Archives.Now,
            TestStore.Stop);
        await _store.PublishAsync(Archives.Found(101), "s");

        var guests = await _store.Status.GuestsAsync(TestStore.Stop);

        Assert.Equal([(100, "web", (bool?)true), (101, null, false), (102, null, true)], guests.Select(guest => (guest.Guest, guest.Name, guest.Exists)));
        Assert.Equal(Archives.Found(100, daysOld: 1).Time, guests[0].NewestArchive);
        Assert.Equal(new CopyProof(Archives.Found(100, daysOld: 3).Time, "hash", Archives.Now), Assert.Single(guests[0].Copies).Value);
        Assert.Equal("s", Assert.Single(guests[1].Copies).Key);
        Assert.Null(guests[2].NewestArchive);
    }

    [Fact]
    public async Task A_guest_is_gone_only_where_all_guests_were_seen()
    {
        await _store.PublishAsync(Archives.Found(100));
        Assert.Null(Assert.Single(await GuestsAsync()).Exists);

        await _store.Discovery.RecordGuestsAsync([new KnownGuest(101, "qemu", "web", null, new HashSet<string>())], Archives.Now, TestStore.Stop);
        Assert.Equal([false, true], (await GuestsAsync()).Select(guest => guest.Exists));

        await _store.Discovery.NoteGuestsUnseenAsync(TestStore.Stop);
        Assert.Equal([null, true], (await GuestsAsync()).Select(guest => guest.Exists));
    }

    [Fact]
    public async Task A_guest_is_known_since_it_was_first_seen_unless_its_number_went_to_another()
    {
        await SeeAsync("qemu", 0);
        await SeeAsync("qemu", 5);
        Assert.Equal(Archives.Now, Assert.Single(await GuestsAsync()).FirstSeenAt);

        await SeeAsync("lxc", 6);
        Assert.Equal(Archives.Now.AddHours(6), Assert.Single(await GuestsAsync()).FirstSeenAt);

        await SeeAsync("lxc", -1); // the clock was ahead, and was set back
        Assert.Equal(Archives.Now.AddHours(-1), Assert.Single(await GuestsAsync()).FirstSeenAt);

        Task SeeAsync(string type, int hours) => _store.Discovery.RecordGuestsAsync(
            [new KnownGuest(100, type, "web", null, new HashSet<string>())], Archives.Now.AddHours(hours), TestStore.Stop);
    }

    [Fact]
    public async Task What_a_wrong_clock_dated_is_neither_newest_archive_nor_newest_copy()
    {
        await _store.PublishAsync(Archives.Found(100, daysOld: 3), how: VerifyLevel.Size);
        await _store.PublishAsync(Archives.Found(100, daysOld: -300));
        await _store.PublishAsync(Archives.Found(101, daysOld: -300));

        var guests = await GuestsAsync();

        var time = Archives.Found(daysOld: 3).Time;
        Assert.Equal([time, null], guests.Select(guest => guest.NewestArchive));
        Assert.Equal(new CopyProof(time, "size", Archives.Now), Assert.Single(guests[0].Copies).Value);
        Assert.Empty(guests[1].Copies);
        Assert.Equal(3, (await _store.Status.ListAsync(null, null, TestStore.Stop)).Count);
    }

    [Fact]
    public async Task What_a_clock_dated_that_was_hours_ahead_is_not_younger_than_its_discovery()
    {
        await _store.PublishAsync(Archives.Found(100, daysOld: -1)); // made 14 hours from now

        var guest = Assert.Single(await GuestsAsync());

        Assert.Equal(Archives.Now, guest.NewestArchive);
        Assert.Equal(Archives.Now, Assert.Single(guest.Copies).Value.ArchiveTime);
    }

    [Fact]
    public async Task An_archive_of_a_clock_that_was_20_hours_ahead_does_not_hide_the_right_one_after_it()
    {
        var (ahead, right) = (Archives.Found(100, daysOld: -1), Archives.Found(100) with { Time = Archives.Now.AddHours(-2) });
        await _store.PublishAsync(Archives.Found(100, daysOld: 5));
        await _store.PublishAsync(ahead, how: VerifyLevel.Size);
        await _store.ExecuteAsync($"UPDATE backup SET discovered_at = '{Sql.Instant(ahead.Time.AddHours(-20))}' WHERE archive = '{ahead.Name.FileName}'");
        Assert.Equal(ahead.Time.AddHours(-20), Assert.Single(await GuestsAsync()).NewestArchive);

        await _store.PublishAsync(right);

        var guest = Assert.Single(await GuestsAsync());
        Assert.Equal(right.Time, guest.NewestArchive);
        Assert.Equal(new CopyProof(right.Time, "hash", Archives.Now), Assert.Single(guest.Copies).Value);
    }

    [Theory]
    [InlineData(1L << 29, 1L << 30, 1L << 20, "upload of volume 1/3, 50 % of 1.00 GiB, 1.00 MiB/s, 00:08:32 left")]
    [InlineData(0, 1L << 30, 0, "upload of volume 1/3, 0 % of 1.00 GiB, 0 B/s")]
    [InlineData(0, 0, 0, "upload of volume 1/3, 100 % of 0 B, 0 B/s")]
    public void An_activity_is_said_in_words(long done, long total, long rate, string words) =>
        Assert.Equal(words, new Activity("upload", 1, 3, done, total, rate).InWords());

    [Fact]
    public async Task Failures_are_what_a_person_should_look_at()
    {
        await _store.AddAsync(Archives.Found(100));
        await _store.AddAsync(Archives.Found(101));
        await _store.AddAsync(Archives.Found(102));
        await _store.AddAsync(Archives.Found(103));
        await _store.ExecuteAsync("UPDATE backup SET state = 'lost' WHERE guest = 101");
        await _store.ExecuteAsync("UPDATE backup SET state = 'skipped', failure = 'rule' WHERE guest = 102");
        await _store.ExecuteAsync("UPDATE backup SET failure = 'away' WHERE guest = 103");

        Assert.Equal([103, 101], (await _store.Status.FailuresAsync(10, TestStore.Stop)).Select(backup => backup.Guest));
        Assert.Single(await _store.Status.FailuresAsync(1, TestStore.Stop));
    }

    [Fact]
    public async Task Vzdump_tasks_are_noted_once_and_aged_out()
    {
        var task = Task("UPID:pve1:00001092:0012AB34:65F43F35:vzdump:100:root@pam:");
        await _store.Discovery.NoteTasksAsync([task], task.StartedAt.AddDays(-4), TestStore.Stop);
        await _store.Discovery.NoteTasksAsync([task], task.StartedAt.AddDays(-4), TestStore.Stop);
        Assert.Equal([task.Upid.ToString()], await _store.Discovery.NotedTasksAsync(TestStore.Stop));

        await _store.Discovery.NoteTasksAsync([], task.EndedAt!.Value.AddTicks(1), TestStore.Stop);
        Assert.Empty(await _store.Discovery.NotedTasksAsync(TestStore.Stop));
    }

    private Task<IReadOnlyList<GuestCopies>> GuestsAsync() => _store.Status.GuestsAsync(TestStore.Stop);

    private async Task<IEnumerable<(int, string)>> ListAsync(string? remote, int? guest) =>
        (await _store.Status.ListAsync(remote, guest, TestStore.Stop)).Select(backup => (backup.Guest, backup.Remote));

    private static ProxmoxTask Task(string text)
    {
        var upid = Upid.Parse(text);
        return new ProxmoxTask(upid, upid.StartedAt, upid.StartedAt.AddMinutes(5), TaskExitStatus.Parse("OK"), "root@pam", null);
    }
}
