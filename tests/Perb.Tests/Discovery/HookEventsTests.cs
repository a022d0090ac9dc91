using Perb.Scheduler.Discovery;
using Perb.Tests.Store;
using Perb.Tests.Waiting;

namespace Perb.Tests.Discovery;

public sealed class HookEventsTests : IAsyncLifetime
{
    private readonly WaitingTask _task = new();
    private readonly SaidLines<HookEvents> _said = new();
    private TestStore _store = null!;

    public async ValueTask InitializeAsync() => _store = await TestStore.OpenAsync();

    public async ValueTask DisposeAsync()
    {
        _task.Dispose();
        await _store.DisposeAsync();
    }

    [Theory]
    [InlineData("log-end", true)]
    [InlineData("job-end", true)]
    [InlineData("job-abort", true)]
    [InlineData("backup-start", false)]
    public async Task An_event_is_news_until_there_was_a_listing(string phase, bool isNews)
    {
        var hook = Hook(_task.Spool());
        _task.Event(phase);

        await hook.ReadAsync(TestStore.Stop);
        Assert.Equal(isNews, hook.HasNews);
        await hook.ReadAsync(TestStore.Stop);
        Assert.Equal(isNews, hook.HasNews);

        hook.Listed();
        await hook.ReadAsync(TestStore.Stop);
        Assert.False(hook.HasNews);
    }

    [Fact]
    public async Task Only_an_archive_of_a_storage_is_settled_by_its_log_end()
    {
        const string Name = "vzdump-qemu-100-2026_11_20-02_00_01.vma.zst";
        var hook = Hook(_task.Spool());
        _task.Event("log-end", "storeid=local", $"target=/a/{Name}");
        _task.Event("log-end", $"target=/dumpdir/{Name}");
        _task.Event("log-end", "storeid=local", "target=/a/vzdump-qemu-100-2026_11_20-02_00_01.vma.dat");
        _task.Event("job-end", "storeid=other", $"target=/a/{Name}");

        await hook.ReadAsync(TestStore.Stop);

        Assert.Equal([("local", Name)], hook.LogEnds);
    }

    [Fact]
    public async Task A_flood_is_read_at_once_and_what_is_no_event_in_it_is_one_warning()
    {
        var hook = Hook(_task.Spool());
        for (var guest = 0; guest < 10_000; guest++)
        {
            _task.Event("log-end", "storeid=local", $"target=/a/vzdump-qemu-{100 + guest}-2026_11_20-02_00_01.vma.zst");
        }

        for (var number = 0; number < 3_000; number++)
        {
            File.WriteAllText(Path.Combine(_task.Folder, $"bad{number}.event"), "");
        }

        await hook.ReadAsync(TestStore.Stop);
        hook.Listed();
        await hook.ReadAsync(TestStore.Stop);

        Assert.Equal(10_000, hook.LogEnds.Count);
        Assert.False(hook.HasNews);
        Assert.Single(_said.Lines);
    }

    [Fact]
    public async Task More_than_can_be_remembered_is_news_at_each_look()
    {
        for (var number = 0; number <= HookSpool.MaxNames; number++)
        {
            File.WriteAllText(Path.Combine(_task.Folder, $"{number}.event"), "");
        }

        var hook = Hook(_task.Spool());
        await hook.ReadAsync(TestStore.Stop);
        hook.Listed();
        await hook.ReadAsync(TestStore.Stop);

        Assert.True(hook.HasNews);
    }

    [Fact]
    public async Task A_spool_that_is_missing_is_no_trouble_and_one_that_cannot_be_read_is_until_it_can()
    {
        var path = Path.Combine(_store.Folder, "spool");
        var hook = Hook(new HookSpool(path));
        await hook.ReadAsync(TestStore.Stop);
        Assert.Empty(await _store.Status.TroublesAsync(TestStore.Stop));

        File.CreateSymbolicLink(path, path);
        await hook.ReadAsync(TestStore.Stop);
        Assert.Equal("hook spool", Assert.Single(await _store.Status.TroublesAsync(TestStore.Stop)).Subject);

        File.Delete(path);
        Directory.CreateDirectory(path);
        await hook.ReadAsync(TestStore.Stop);
        Assert.Empty(await _store.Status.TroublesAsync(TestStore.Stop));
    }

    private HookEvents Hook(HookSpool spool) => Parts.Hook(_store, spool, _said);
}
