using Microsoft.Extensions.Logging.Abstractions;
using Perb.Scheduler.Discovery;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Store;
using Perb.TestKit.Http;
using Perb.Tests.Configuration;
using Perb.Tests.ProxmoxClient;
using Perb.Tests.Store;

namespace Perb.Tests.Discovery;

/// <summary>What the API shows beside a real dump directory.</summary>
public sealed class ViewCheckTests : IAsyncLifetime
{
    private readonly Dictionary<string, RawAnswer> _answers = [];
    private TestStore _store = null!;
    private NodeConnection _node = null!;
    private ViewCheck _check = null!;
    private string _dump = "";

    public async ValueTask InitializeAsync()
    {
        _store = await TestStore.OpenAsync();
        _dump = Directory.CreateDirectory(Path.Combine(_store.Folder, "vz", "dump")).FullName;
        _node = new NodeConnection(request => _answers[request.Target["/api2/json".Length..].Split('?')[0]]);
        var options = Some.Options("\"Proxmox\": { \"Node\": \"pve1\" }");
        _check = new ViewCheck(
            _node.Api,
            new StorageListing(_node.Api, new DumpListing(TimeZoneInfo.Utc), options, _store.Time),
            _store.Status,
            new Troubles(_store.Status, NullLogger<Troubles>.Instance),
            options,
            _store.Time);
        Answer("/nodes", """[ { "node": "pve1", "status": "online" } ]""");
        Answer("/nodes/pve1/storage", """[ { "storage": "local", "type": "dir", "active": 1 } ]""");
        Answer("/storage", $$"""[ { "storage": "local", "type": "dir", "path": "{{Path.GetDirectoryName(_dump)}}", "content": "backup" } ]""");
        Show();
    }

    public async ValueTask DisposeAsync()
    {
        await _node.DisposeAsync();
        await _store.DisposeAsync();
    }

    [Fact]
    public async Task An_archive_that_only_Proxmox_sees_is_trouble_at_the_second_check_and_until_it_is_there()
    {
        Write(100);
        Show(100, 101, 102);

        Assert.Empty(await RunAsync());
        var text = Assert.Single(await RunAsync()).Text;
        Assert.Contains($"{Archives.Found(102).Name.FileName} and 1 more", text, StringComparison.Ordinal);
        Assert.Contains(_dump, text, StringComparison.Ordinal);

        Write(101);
        Write(102);
        Assert.Empty(await RunAsync());
    }

    [Fact]
    public async Task An_archive_that_was_pruned_meanwhile_is_no_difference()
    {
        Show(100);
        await RunAsync();
        Show(101);

        Assert.Empty(await RunAsync());
    }

    [Fact]
    public async Task What_only_the_directory_has_or_has_another_name_is_no_difference()
    {
        Write(100);
        Answer("/nodes/pve1/storage/local/prunebackups", """[ { "volid": "local:backup/vzdump-qemu-100-copy.vma.zst", "ctime": 1, "mark": "renamed", "vmid": "100" } ]""");

        await RunAsync();

        Assert.Empty(await RunAsync());
    }

    [Fact]
    public async Task A_storage_without_any_archive_is_trouble_where_some_were_found_lately()
    {
        await _store.PublishAsync(Archives.Found(100));

        Assert.Contains("no archive at all", Assert.Single(await RunAsync()).Text, StringComparison.Ordinal);
        _store.Time.Advance(TimeSpan.FromDays(8));

        Assert.Empty(await RunAsync());
    }

    [Fact]
    public async Task A_storage_that_cannot_be_asked_or_is_not_there_any_more_says_nothing()
    {
        await _store.PublishAsync(Archives.Found(100));
        await RunAsync();
        _answers["/nodes/pve1/storage/local/prunebackups"] = RawAnswer.Json("{}", 403, "Permission check failed (/storage/local, Datastore.Audit)");

        Assert.Empty(await RunAsync());
        Answer("/storage", "[]");

        Assert.Empty(await RunAsync());
    }

    private async Task<IReadOnlyList<Trouble>> RunAsync()
    {
        await _check.RunAsync(TestStore.Stop);
        return await _store.Status.TroublesAsync(TestStore.Stop);
    }

    private void Answer(string path, string data) => _answers[path] = RawAnswer.Json($$"""{ "data": {{data}} }""");

    private void Show(params int[] guests) => Answer("/nodes/pve1/storage/local/prunebackups", "[" + string.Join(',', guests.Select(guest =>
        $$"""{ "volid": "local:backup/{{Archives.Found(guest).Name.FileName}}", "ctime": 1, "mark": "keep", "type": "qemu", "vmid": {{guest}} }""")) + "]");

    private void Write(int guest) => File.WriteAllBytes(Path.Combine(_dump, Archives.Found(guest).Name.FileName), [1]);
}
