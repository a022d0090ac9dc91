using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Perb.Scheduler.Discovery;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Pipeline;
using Perb.TestKit.Http;
using Perb.Tests.Configuration;
using Perb.Tests.ProxmoxClient;
using Perb.Tests.Store;
using Perb.Tests.Waiting;

namespace Perb.Tests.Discovery;

/// <summary>Discovery with scripted answers, a real dump directory, a real spool and a real store.</summary>
internal sealed class DiscoveryUnderTest : IAsyncDisposable
{
    public const string AllPrivileges = """{ "/": { "Sys.Audit": 1, "Datastore.Audit": 1, "VM.Audit": 1, "Pool.Audit": 1 } }""";

    private const string Nothing = "\"Rpo\": \"1.06:00:00\""; // as it is anyway

    private DiscoveryUnderTest(TestStore store, int mostHeld)
    {
        Store = store;
        Held = Parts.Hold(most: mostHeld);
        Dump = Directory.CreateDirectory(Path.Combine(store.Folder, "vz", "dump")).FullName;
        Answers["/access/permissions"] = AllPrivileges;
        Answers["/cluster/resources"] = """[ { "type": "qemu", "vmid": 100, "node": "pve1", "name": "web" }, { "type": "qemu", "vmid": 101, "node": "pve2" } ]""";
        Answers["/nodes"] = """[ { "node": "pve1", "status": "online" } ]""";
        Answers["/nodes/pve1/tasks"] = "[]";
        Answers["/nodes/pve1/storage"] = """[ { "storage": "local", "type": "dir", "active": 1 } ]""";
        SetStorage("");
    }

    public TestStore Store { get; }

    public HeldArchives Held { get; }

    public WaitingTask Vzdump { get; } = new();

    public string Dump { get; }

    /// <summary>The data of the answer, by path.</summary>
    public Dictionary<string, string> Answers { get; } = [];

    /// <summary>A whole answer instead, by path.</summary>
    public Dictionary<string, RawAnswer> RawAnswers { get; } = [];

    public ConcurrentQueue<string> Asked { get; } = [];

    public static async Task<DiscoveryUnderTest> SetUpAsync(int mostHeld = 1_000) => new(await TestStore.OpenAsync(), mostHeld);

    public async ValueTask DisposeAsync()
    {
        Held.Dispose();
        Vzdump.Dispose();
        await Store.DisposeAsync();
    }

    public Task ReconcileAsync(string change = Nothing) => UseAsync(discovery => discovery.ReconcileAsync(TestStore.Stop), change);

    public async Task UseAsync(
        Func<ArchiveDiscovery, Task> use, string change = Nothing, TimeSpan? timeout = null, ILogger<ArchiveDiscovery>? logger = null)
    {
        await using var connection = new NodeConnection(Answer, timeout);
        var options = Some.Options($"\"Proxmox\": {{ \"Node\": \"pve1\" }}, {change}");
        using var discovery = new ArchiveDiscovery(
            connection.Api,
            new VzdumpTasks(connection.Api, "pve1"),
            Parts.Hook(Store, Vzdump.Spool()),
            new StorageListing(connection.Api, new DumpListing(TimeZoneInfo.Utc), options, Store.Time),
            new DiscoveryDiff(new CatchUpPolicy(options.Discovery), ["r"]),
            Held,
            Store.Discovery,
            Store.Status,
            new Troubles(Store.Status, NullLogger<Troubles>.Instance),
            options,
            new WakeUp(),
            Store.Time,
            logger ?? NullLogger<ArchiveDiscovery>.Instance);
        await use(discovery);
    }

    public void SetStorage(string more, string content = "backup") =>
        Answers["/storage"] = $$"""[ { "storage": "local", "type": "dir", "path": "{{Path.GetDirectoryName(Dump)}}", "content": "{{content}}"{{more}} } ]""";

    public string Write(int vmId, DateTimeOffset? modifiedAt = null, int daysOld = 0)
    {
        var archive = Archives.Found(vmId, daysOld);
        var path = Path.Combine(Dump, archive.Name.FileName);
        File.WriteAllBytes(path, new byte[7]);
        File.SetLastWriteTimeUtc(path, (modifiedAt ?? archive.ModifiedAt).UtcDateTime);
        return path;
    }

    private RawAnswer Answer(RawRequest request)
    {
        var path = request.Target["/api2/json".Length..].Split('?')[0];
        Asked.Enqueue(path);
        return RawAnswers.TryGetValue(path, out var raw)
            ? raw
            : RawAnswer.Json($$"""{ "data": {{Answers.GetValueOrDefault(path, "7")}} }""") with { PieceBytes = 1 << 14 };
    }
}
