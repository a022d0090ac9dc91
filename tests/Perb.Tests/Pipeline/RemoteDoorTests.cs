using Microsoft.Extensions.Logging.Abstractions;
using Perb.Scheduler;
using Perb.Scheduler.Backups;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Pipeline;
using Perb.Scheduler.Store;
using Perb.TestKit;
using Perb.Tests.Configuration;
using Perb.Tests.Discovery;
using Perb.Tests.Store;
using Perb.Transfer.Rclone;

namespace Perb.Tests.Pipeline;

/// <summary>How long nothing is asked of a remote, and what its trouble is ended by; the gate asks a script.</summary>
public sealed class RemoteDoorTests : IAsyncLifetime
{
    private static readonly Remote Remote = new("r", RemotePath.Parse("r:perb"), VerifyLevel.Hash, TransferLimits.None);
    private static readonly TimeSpan HalfADay = TimeSpan.FromHours(12);

    private static ReadyRemote Before { get; } = new(Remote, null);

    private readonly JumpingClock _time = new();
    private readonly FakeRclone _fake = new();
    private TestStore _store = null!;
    private StateDirectory _state = null!;
    private RemoteDoor _door = null!;

    public async ValueTask InitializeAsync()
    {
        _store = await TestStore.OpenAsync();
        var uploads = new UploadStore(_store.Database, _time);
        _state = (await StateDirectory.TryOwnAsync(Some.Options($"\"StateDirectory\": \"{_store.Folder}\""), _time, TestStore.Stop))!;
        _fake.Answers("backend", """{ "Hashes": ["md5"] }""").Answers("lsjson", """{ "Name": "perb.json", "Size": 99, "IsDir": false }""")
            .Answers("cat", $$"""{"format":1,"installation":"{{_state.InstallationId}}"}""");
        _door = new RemoteDoor(
            Remote,
            new RemoteGate(
                new RcloneProgram(_fake.Options, TimeProvider.System, NullLogger<RcloneProgram>.Instance), _state, null!, _store.Status, NullLogger<RemoteGate>.Instance),
            new UploadLimits(uploads, TimeZoneInfo.Utc, _time),
            uploads,
            new RetryPolicy(() => 0.5),
            new Troubles(_store.Status, NullLogger<Troubles>.Instance),
            Some.Options(),
            _time,
            NullLogger<RemoteDoor>.Instance);
    }

    public ValueTask DisposeAsync()
    {
        _door.Dispose();
        _state.Dispose();
        _fake.Dispose();
        return _store.DisposeAsync();
    }

    [Fact]
    public async Task A_remote_that_is_held_back_by_a_clock_a_year_ahead_is_open_when_its_time_has_passed_on_the_steady_clock()
    {
        _time.Wall = Archives.Now.AddYears(1);
        await _door.CloseAsync(Held(Archives.Now.AddYears(1) + HalfADay), Before);
        _time.Wall = Archives.Now;

        Assert.Null(await _door.OpenAsync(TestStore.Stop));
        Assert.Equal(HalfADay, _door.Wait);
        Assert.Null(_door.Refusal);

        _time.Steady += HalfADay;
        Assert.True(_door.Wait <= TimeSpan.Zero);
    }

    [Fact]
    public async Task No_remote_is_held_back_for_more_than_a_day_whatever_the_clock_says()
    {
        await _door.CloseAsync(Held(Archives.Now.AddYears(1)), Before);

        Assert.Equal(TimeSpan.FromHours(25), _door.Wait);
    }

    [Fact]
    public async Task A_clock_that_is_set_forward_ends_a_limit_when_it_says_so()
    {
        await _door.CloseAsync(Held(Archives.Now + HalfADay), Before);

        _time.Wall += HalfADay;

        Assert.Equal(TimeSpan.Zero, _door.Wait);
    }

    [Fact]
    public async Task A_refusal_is_waited_for_unless_a_person_pushes_or_another_backup_goes_through()
    {
        foreach (var open in (Func<Task>[])[_door.WorkedAsync, () => { _door.AskAgain(); return Task.CompletedTask; }])
        {
            await _door.CloseAsync(new Failure(FailureKind.Transient, "it is away"), (await _door.OpenAsync(TestStore.Stop))!);
            Assert.True(_door.Wait > TimeSpan.Zero);
            Assert.Null(await _door.OpenAsync(TestStore.Stop));

            await open();

            Assert.True(_door.Wait <= TimeSpan.Zero);
            Assert.Null(_door.Refusal); // the backup's, not the gate's
        }
    }

    [Fact]
    public async Task A_person_who_pushes_does_not_push_aside_a_limit()
    {
        await _door.CloseAsync(Held(Archives.Now + HalfADay), Before);

        _door.AskAgain();

        Assert.Equal(HalfADay, _door.Wait);
    }

    [Fact]
    public async Task What_refuses_volumes_and_answers_is_one_trouble_until_it_takes_a_volume()
    {
        var since = _store.Time.GetUtcNow();
        ReadyRemote ready = null!;
        for (var attempt = 0; attempt < 3; attempt++)
        {
            ready = (await _door.OpenAsync(TestStore.Stop))!;
            await _door.CloseAsync(new Failure(FailureKind.Transient, "its quota is used up"), ready);
            _store.Time.Advance(HalfADay);
            _time.Steady += HalfADay;

            var trouble = Assert.Single(await _store.Status.TroublesAsync(TestStore.Stop));
            Assert.Equal(("remote r", since), (trouble.Subject, trouble.Since));
        }

        await ready.Took();

        Assert.Empty(await _store.Status.TroublesAsync(TestStore.Stop));
    }

    [Fact]
    public async Task What_several_workers_meet_counts_once_and_an_opening_that_is_over_tells_nothing_new()
    {
        var first = (await _door.OpenAsync(TestStore.Stop))!;
        await _door.CloseAsync(new Failure(FailureKind.Transient, "a is refused"), first);
        var pause = _door.Wait;
        await _door.CloseAsync(new Failure(FailureKind.Transient, "b is refused"), first);
        Assert.Equal(pause, _door.Wait);

        _time.Steady += HalfADay;
        Assert.NotNull(await _door.OpenAsync(TestStore.Stop));
        await _door.CloseAsync(new Failure(FailureKind.Transient, "c was refused long ago"), first);

        Assert.NotNull(await _door.OpenAsync(TestStore.Stop));
    }

    [Fact]
    public async Task A_gate_that_does_not_open_is_a_refusal()
    {
        _fake.Answers("backend", stderr: "no route", exitCode: 1);

        Assert.Null(await _door.OpenAsync(TestStore.Stop));

        Assert.Contains("no route", _door.Refusal?.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_did_not_answer_is_no_trouble_as_soon_as_it_does()
    {
        _fake.Answers("backend", stderr: "no route", exitCode: 1);
        Assert.Null(await _door.OpenAsync(TestStore.Stop));
        Assert.Single(await _store.Status.TroublesAsync(TestStore.Stop));

        _fake.Answers("backend", """{ "Hashes": ["md5"] }""");
        _time.Steady += HalfADay;

        Assert.NotNull(await _door.OpenAsync(TestStore.Stop));
        Assert.Empty(await _store.Status.TroublesAsync(TestStore.Stop));
    }

    private static Failure Held(DateTimeOffset until) => Failure.From(new HeldBackException(new HeldBack("r", until, "its DailyLimit is used up")));
}
