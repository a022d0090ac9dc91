using System.Collections.Concurrent;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using Perb.Scheduler;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Discovery;
using Perb.Scheduler.Waiting;
using Perb.Tests.Configuration;
using Perb.Tests.Discovery;
using Perb.Tests.Store;

namespace Perb.Tests.Waiting;

public sealed class VzdumpWaitTests : IAsyncLifetime
{
    private static readonly FoundArchive Archive = Archives.Found();

    private readonly WaitingTask _task = new();
    private readonly LineLog _log = new();
    private readonly WaitedTime _time = new();
    private TestStore _store = null!;
    private PerbOptions _options = null!;
    private StateDirectory? _owned;

    public async ValueTask InitializeAsync()
    {
        _store = await TestStore.OpenAsync();
        _options = Some.Options() with
        {
            StateDirectory = _store.Folder,
            StorePath = _store.Database.Path,
            Remotes = [new RemoteSection("r", "r:", Scheduler.Backups.VerifyLevel.Hash)],
        };
        _owned = await StateDirectory.TryOwnAsync(_options, TimeProvider.System, TestStore.Stop);
        Assert.NotNull(_owned);
    }

    public async ValueTask DisposeAsync()
    {
        _owned?.Dispose();
        await _store.DisposeAsync();
        _task.Dispose();
        await _log.DisposeAsync();
    }

    [Fact]
    public async Task It_ends_well_when_every_copy_is_published()
    {
        _task.Archive(Archive.Name.FileName);
        _task.Event("job-end");
        await _store.PublishAsync(Archive);

        Assert.True(await WaitAsync());

        Assert.Equal(
            [$"perb: {Archive.Name.FileName} to r: published, verified by hash, 0 B", "perb: all copies of this task are done"], Lines());
    }

    [Fact]
    public async Task It_goes_on_until_the_last_copy_is_published()
    {
        _task.Archive(Archive.Name.FileName);
        _task.Event("job-end");
        await _store.AddAsync(Archive);
        var waiting = Wait().IsGoodAsync(TestStore.Stop);
        await AdvanceUntilAsync(() => Lines().Any(line => line.EndsWith(" to r waits", StringComparison.Ordinal)));
        Assert.False(waiting.IsCompleted);

        await _store.Pipeline.RecordPublishedAsync(await _store.ClaimAsync(), Scheduler.Backups.VerifyLevel.Size, TestStore.Manifest);
        await AdvanceUntilAsync(() => waiting.IsCompleted);

        Assert.True(await waiting);
        Assert.Contains(Lines(), line => line.Contains("verified by size", StringComparison.Ordinal));
    }

    [Fact]
    public async Task One_failed_copy_fails_the_task()
    {
        _task.Archive(Archive.Name.FileName);
        _task.Event("job-end");
        await _store.PublishAsync(Archive);
        await _store.AddAsync(Archive, "second");
        await _store.ExecuteAsync("UPDATE backup SET state = 'failed', failure = 'a conflict' WHERE remote = 'second'");
        _options = _options with { Remotes = [_options.Remotes[0], _options.Remotes[0] with { Name = "second" }] };

        Assert.False(await WaitAsync());

        Assert.Contains($"perb: ERROR: {Archive.Name.FileName} to second: failed: a conflict", Lines());
        Assert.Equal("perb: ERROR: 1 of 2 copies failed; perb status says more", Lines()[^1]);
    }

    [Fact]
    public async Task A_service_that_is_down_ends_it_and_is_named()
    {
        _task.Archive(Archive.Name.FileName);
        _task.Event("job-end");
        _owned!.Dispose();

        Assert.False(await WaitAsync());

        Assert.StartsWith("perb: ERROR: the service is not running", Assert.Single(Lines()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_that_is_restarted_meanwhile_is_waited_for()
    {
        _task.Archive(Archive.Name.FileName);
        _task.Event("job-end");
        await _store.AddAsync(Archive);
        var waiting = Wait().IsGoodAsync(TestStore.Stop);
        await AdvanceUntilAsync(() => Lines().Any(line => line.EndsWith(" to r waits", StringComparison.Ordinal)));

        _owned!.Dispose();
        await AdvanceUntilAsync(() => Lines().Any(line => line.Contains("given 90 s to come back", StringComparison.Ordinal)));
        Assert.False(waiting.IsCompleted);
        _owned = await StateDirectory.TryOwnAsync(_options, TimeProvider.System, TestStore.Stop);
        await _store.Pipeline.RecordPublishedAsync(await _store.ClaimAsync(), Scheduler.Backups.VerifyLevel.Size, TestStore.Manifest);
        await AdvanceUntilAsync(() => waiting.IsCompleted);

        Assert.True(await waiting);
    }

    [Fact]
    public async Task A_wait_that_begins_while_the_service_is_restarted_waits_for_it()
    {
        _task.Archive(Archive.Name.FileName);
        _task.Event("job-end");
        await _store.AddAsync(Archive);
        await _store.Status.NoteTimeAsync("last poll", _time.GetUtcNow().AddSeconds(-20), TestStore.Stop);
        _owned!.Dispose();
        var waiting = Wait().IsGoodAsync(TestStore.Stop);
        await AdvanceUntilAsync(() => Lines().Any(line => line.Contains("given 90 s to come back", StringComparison.Ordinal)));
        Assert.False(waiting.IsCompleted);

        _owned = await StateDirectory.TryOwnAsync(_options, TimeProvider.System, TestStore.Stop);
        await _store.Pipeline.RecordPublishedAsync(await _store.ClaimAsync(), Scheduler.Backups.VerifyLevel.Size, TestStore.Manifest);
        await AdvanceUntilAsync(() => waiting.IsCompleted);

        Assert.True(await waiting);
    }

    [Fact]
    public async Task A_service_that_ended_long_before_the_wait_is_not_waited_for()
    {
        _task.Archive(Archive.Name.FileName);
        _task.Event("job-end");
        await _store.AddAsync(Archive);
        await _store.Status.NoteTimeAsync("last poll", _time.GetUtcNow().AddMinutes(-10), TestStore.Stop);
        _owned!.Dispose();

        Assert.False(await WaitAsync());

        Assert.DoesNotContain(Lines(), line => line.Contains("to come back", StringComparison.Ordinal));
        Assert.StartsWith("perb: ERROR: the service is not running", Lines()[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wait_too_long_ends_also_while_the_store_cannot_be_read()
    {
        _task.Archive(Archive.Name.FileName);
        _task.Event("job-end");
        await _store.AddAsync(Archive);
        var waiting = Wait(TimeSpan.FromSeconds(30)).IsGoodAsync(TestStore.Stop);
        await AdvanceUntilAsync(() => Lines().Any(line => line.EndsWith(" to r waits", StringComparison.Ordinal)));

        _owned!.Dispose();
        File.Delete(_options.StorePath);
        await AdvanceUntilAsync(() => waiting.IsCompleted);

        Assert.False(await waiting);
        Assert.StartsWith("perb: ERROR: not done within 0.5 min (WAIT_MAX in hook.conf)", Lines()[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_that_does_not_come_back_ends_it()
    {
        _task.Archive(Archive.Name.FileName);
        _task.Event("job-end");
        await _store.AddAsync(Archive);
        var waiting = Wait().IsGoodAsync(TestStore.Stop);
        await AdvanceUntilAsync(() => Lines().Any(line => line.EndsWith(" to r waits", StringComparison.Ordinal)));

        _owned!.Dispose();
        await AdvanceUntilAsync(() => waiting.IsCompleted);

        Assert.False(await waiting);
        Assert.Equal(1, Lines().Count(line => line.Contains("given 90 s to come back", StringComparison.Ordinal)));
        Assert.StartsWith("perb: ERROR: the service is not running", Lines()[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_that_is_down_is_no_matter_where_every_copy_is_published()
    {
        _task.Archive(Archive.Name.FileName);
        _task.Event("job-end");
        await _store.PublishAsync(Archive);
        _owned!.Dispose();

        Assert.True(await WaitAsync());

        Assert.Equal("perb: all copies of this task are done", Lines()[^1]);
    }

    [Fact]
    public async Task A_service_that_is_down_is_no_matter_where_nothing_is_to_be_shipped()
    {
        _task.Event("log-end", "storeid=pbs1", "target=vm/100/2026-11-20T01:00:00Z");
        _task.Event("job-end");
        _owned!.Dispose();

        Assert.True(await WaitAsync());

        Assert.Equal(["perb: nothing of this task is to be shipped"], Lines());
    }

    [Fact]
    public async Task A_wait_too_long_ends_and_names_what_is_missing()
    {
        _task.Archive(Archive.Name.FileName);
        _task.Event("job-end");
        await _store.AddAsync(Archive);

        Assert.False(await WaitAsync());

        Assert.Equal(
            $"perb: ERROR: not done within 10 min (WAIT_MAX in hook.conf): {Archive.Name.FileName} to r is not waited for any longer; the service goes on",
            Lines()[^1]);
    }

    [Fact]
    public async Task A_spool_that_does_not_take_the_hooks_events_is_an_error_and_not_nothing_to_do()
    {
        Assert.False(await WaitAsync());

        Assert.Contains($"{_task.Folder} lacks the hook's event", Assert.Single(Lines()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_spool_is_an_error()
    {
        Directory.Delete(_task.Folder);

        Assert.False(await WaitAsync());

        Assert.StartsWith("perb: ERROR: the hook's events cannot be read: ", Assert.Single(Lines()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_store_that_cannot_be_read_is_an_error()
    {
        _task.Archive(Archive.Name.FileName);
        _task.Event("job-end");
        _options = _options with { StorePath = Path.Combine(_store.Folder, "none.db") };

        Assert.False(await WaitAsync());

        Assert.Contains("none.db cannot be read", Assert.Single(Lines()), StringComparison.Ordinal);
        Assert.False(File.Exists(_options.StorePath));
    }

    [Fact]
    public async Task A_stopped_task_stops_it()
    {
        _task.Archive(Archive.Name.FileName);
        await _store.AddAsync(Archive);
        using var stop = new CancellationTokenSource();
        var waiting = Wait().IsGoodAsync(stop.Token);

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    private VzdumpWait Wait(TimeSpan? longest = null) => new(
        _task.Spool(), new WaitOptions(WaitingTask.Worker, longest ?? TimeSpan.FromMinutes(10)), _options, _time, _log);

    private async Task<bool> WaitAsync()
    {
        var waiting = Wait().IsGoodAsync(TestStore.Stop);
        await AdvanceUntilAsync(() => waiting.IsCompleted);
        return await waiting;
    }

    private const int TurnsOfWork = 10_000;

    private async Task AdvanceUntilAsync(Func<bool> condition)
    {
        for (var turn = 1; !condition(); turn++)
        {
            // Seldom while it works: else all the patience that it has would pass within one look.
            if (_time.IsWaitedFor() || turn % TurnsOfWork == 0)
            {
                _time.Advance(TimeSpan.FromSeconds(1));
            }

            await Task.Yield();
        }
    }

    /// <summary>Knows whether somebody began to wait since it was asked last.</summary>
    private sealed class WaitedTime() : FakeTimeProvider(Archives.Now)
    {
        private int _begun;

        public bool IsWaitedFor() => Interlocked.Exchange(ref _begun, 0) > 0;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(callback, state, dueTime, period);
            Interlocked.Increment(ref _begun);
            return timer;
        }
    }

    private IReadOnlyList<string> Lines() => _log.Lines;

    /// <summary>Read while another thread writes.</summary>
    private sealed class LineLog : TextWriter
    {
        private readonly ConcurrentQueue<string> _lines = new();

        public override Encoding Encoding => Encoding.UTF8;

        public IReadOnlyList<string> Lines => [.. _lines];

        public override void WriteLine(string? value) => _lines.Enqueue(value!);
    }
}
