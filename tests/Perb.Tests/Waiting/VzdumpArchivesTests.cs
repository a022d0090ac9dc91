using Microsoft.Extensions.Time.Testing;
using Perb.Scheduler.Discovery;
using Perb.Scheduler.Waiting;
using Perb.Tests.Discovery;
using Perb.Tests.Store;

namespace Perb.Tests.Waiting;

public sealed class VzdumpArchivesTests : IDisposable
{
    private const string One = "vzdump-qemu-100-2026_11_20-02_00_01.vma.zst";
    private const string Other = "vzdump-lxc-101-2026_11_20-02_05_00.tar.zst";

    private readonly WaitingTask _task = new();

    public void Dispose() => _task.Dispose();

    [Fact]
    public async Task Only_the_archives_of_this_task_are_taken()
    {
        _task.Archive(One);
        _task.Archive(Other, worker: new VzdumpWorker(4712, 123456));
        _task.Archive("vzdump-lxc-102-2026_11_20-02_05_00.tar.zst", worker: new VzdumpWorker(4711, 99)); // the same pid, long ago
        _task.Event("job-end");
        var archives = Archives();

        Assert.Empty(await archives.ReadAsync(TestStore.Stop));

        Assert.Equal([One], archives.All.Select(archive => archive.Name.FileName));
    }

    [Fact]
    public async Task A_start_that_could_not_be_read_is_no_difference()
    {
        _task.Archive(One, worker: new VzdumpWorker(4711, null));
        var archives = Archives();

        await archives.ReadAsync(TestStore.Stop);

        Assert.Single(archives.All);
    }

    [Fact]
    public async Task The_task_is_complete_one_look_after_its_end_was_seen()
    {
        var archives = Archives();
        await archives.ReadAsync(TestStore.Stop);
        Assert.False(archives.IsComplete);

        _task.Event("job-end");
        await archives.ReadAsync(TestStore.Stop);
        Assert.False(archives.IsComplete);

        _task.Archive(One); // written by another process, just after
        await archives.ReadAsync(TestStore.Stop);
        Assert.True(archives.IsComplete);
        Assert.Single(archives.All);
    }

    [Fact]
    public async Task What_Perb_does_not_ship_is_not_waited_for()
    {
        _task.Event("log-end", "storeid=pbs1", "target=vm/100/2026-11-20T01:00:00Z");
        _task.Event("log-end", "storeid=local", $"dumpdir={_task.Dump}", $"target={_task.Dump}/vzdump-qemu-103-2026_11_20-02_00_01.vma.zst"); // failed
        _task.Event("log-end", "storeid=local", $"dumpdir={_task.Dump}");
        _task.Event("job-end");
        var archives = Archives();

        Assert.Empty(await archives.ReadAsync(TestStore.Stop));
        Assert.Empty(archives.All);
    }

    [Fact]
    public async Task An_archive_that_is_whole_but_not_shipped_is_said()
    {
        _task.Archive(One, storage: "elsewhere");
        File.WriteAllText(Path.Combine(_task.Dump, Other), "");
        _task.Event("log-end", $"dumpdir={_task.Dump}", $"target={_task.Dump}/{Other}");
        _task.Archive("other-name.vma");
        _task.Event("log-end", "vmid=104", "storeid=local", $"dumpdir={_task.Dump}", "refused=target");
        var archives = new VzdumpArchives(_task.Spool(), WaitingTask.Worker, Tests.Discovery.Archives.Defaults with { Storages = ["local"] }, TimeProvider.System);

        var lines = await archives.ReadAsync(TestStore.Stop);

        Assert.Equal(4, lines.Count);
        Assert.Contains(lines, line => line.Contains("of guest 104 is not waited for", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains("Perb:Discovery:Storages does not name elsewhere", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains("is in no storage", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains("its name is not one of vzdump's", StringComparison.Ordinal));
        Assert.Empty(archives.All);
    }

    [Fact]
    public async Task An_archive_amid_a_flood_is_found()
    {
        for (var number = 0; number < 2 * HookSpool.MaxReadAtOnce; number++)
        {
            _task.Event(new VzdumpWorker(1, 1), "job-end");
        }

        _task.Archive(One);
        _task.Event("job-end");
        var archives = Archives();

        await archives.ReadAsync(TestStore.Stop);
        await archives.ReadAsync(TestStore.Stop);

        Assert.Single(archives.All);
        Assert.True(archives.IsComplete);
    }

    [Fact]
    public async Task An_archive_on_a_mount_that_hangs_is_waited_for_and_holds_up_nothing()
    {
        _task.Archive(One);
        _task.Archive(Other);
        _task.Event("job-end");
        using var answers = new ManualResetEventSlim();
        var (time, looks) = (new FakeTimeProvider(), 0);
        var archives = new VzdumpArchives(_task.Spool(), WaitingTask.Worker, Tests.Discovery.Archives.Defaults, time)
        {
            IsThere = _ =>
            {
                Interlocked.Increment(ref looks);
                return !answers.Wait(Timeout.InfiniteTimeSpan, TestStore.Stop);
            },
        };

        var reading = archives.ReadAsync(TestStore.Stop);
        while (!reading.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        Assert.Empty(await reading);
        Assert.Equal(2, archives.All.Count);
        Assert.Equal(1, looks);
        answers.Set();
    }

    private VzdumpArchives Archives() => new(_task.Spool(), WaitingTask.Worker, Discovery.Archives.Defaults, TimeProvider.System);
}
