using System.Globalization;
using System.Text.Json;
using Perb.ProxmoxClient;

namespace Perb.Tests.ProxmoxClient;

/// <summary>Compares the client's records with the JSON they came from.</summary>
internal static class Agree
{
    public static void Version(JsonElement data, ProxmoxVersion version) => Assert.Equal(
        (Text(data, "version"), Text(data, "release"), Text(data, "repoid")), (version.Version, version.Release, version.RepoId));

    public static void Permissions(JsonElement data, Permissions permissions)
    {
        Assert.Equal(data.EnumerateObject().Select(path => path.Name).Order(), permissions.Grants.Keys.Order());
        Assert.All(data.EnumerateObject(), path => Assert.Equal(
            path.Value.ValueKind == JsonValueKind.Null ? [] : path.Value.EnumerateObject().Select(one => (one.Name, one.Value.GetInt32() == 1)).Order(),
            permissions.Grants[path.Name].Select(one => (one.Key, one.Value)).Order()));
    }

    public static void StorageConfiguration(JsonElement data, IReadOnlyList<StorageConfiguration> storages) => Each(data, storages, (json, storage) =>
    {
        Assert.Equal((Text(json, "storage"), Text(json, "type"), Text(json, "path")), (storage.Storage, storage.Type, storage.Path));
        Assert.Equal(Names(json, "content"), storage.Content.Order());
        Assert.Equal(Names(json, "nodes"), storage.Nodes.Order());
        Assert.Equal((Flag(json, "disable"), Text(json, "prune-backups")), (storage.Disabled, storage.PruneBackups));
        Assert.Equal(Flag(json, "shared") || storage.Type == "nfs", storage.Shared);
        Assert.Equal(Text(json, "is_mountpoint") is "1" or "yes" ? "yes" : Text(json, "is_mountpoint"), storage.IsMountpoint);
        Assert.Equal(
            Names(json, "content-dirs"), storage.ContentDirectories.Select(directory => $"{directory.Key}={directory.Value}").Order());
    });

    public static void NodeStorages(JsonElement data, IReadOnlyList<NodeStorage> storages) => Each(data, storages, (json, storage) =>
    {
        Assert.Equal((Text(json, "storage"), Text(json, "type")), (storage.Storage, storage.Type));
        Assert.Equal(Names(json, "content"), storage.Content.Order());
        Assert.Equal(
            (Flag(json, "enabled"), Flag(json, "active"), Flag(json, "shared")), (storage.Enabled, storage.Active, storage.Shared));
        Assert.Equal(
            (Number(json, "total") ?? 0, Number(json, "used") ?? 0, Number(json, "avail") ?? 0),
            (storage.TotalBytes, storage.UsedBytes, storage.AvailableBytes));
    });

    public static void Tasks(JsonElement answer, TaskPage page)
    {
        Assert.Equal(Number(answer, "total") ?? 0, page.Total);
        Each(answer.GetProperty("data"), page.Tasks, (json, task) =>
        {
            Assert.Equal(Text(json, "upid"), task.Upid.ToString());
            Assert.Equal(Number(json, "starttime"), task.StartedAt.ToUnixTimeSeconds());
            Assert.Equal(Number(json, "endtime"), task.EndedAt?.ToUnixTimeSeconds());
            Assert.Equal(Text(json, "endtime") is null, task.IsRunning);
            Assert.Equal(task.IsRunning ? "RUNNING" : Text(json, "status"), task.IsRunning ? "RUNNING" : task.ExitStatus!.Text);
            Assert.DoesNotContain('!', task.User);
            Assert.Equal(task.Upid.User, task.TokenId is null ? task.User : $"{task.User}!{task.TokenId}");
        });
    }

    public static void TaskStatus(JsonElement data, ProxmoxTaskStatus status)
    {
        Assert.Equal(Text(data, "upid"), status.Upid.ToString());
        Assert.Equal(Text(data, "status") == "running", status.IsRunning);
        Assert.Equal(Text(data, "exitstatus"), status.ExitStatus?.Text);
    }

    public static void TaskLog(JsonElement data, IReadOnlyList<TaskLogLine> lines) => Each(data, lines, (json, line) =>
        Assert.Equal((Number(json, "n"), Text(json, "t")), (line.Number, line.Text)));

    public static void Backups(JsonElement data, IReadOnlyList<BackupVolume> backups) => Each(data, backups, (json, backup) =>
    {
        Assert.Equal((Text(json, "volid"), Text(json, "format")), (backup.VolumeId, backup.Format));
        Assert.Equal((Number(json, "size"), Number(json, "ctime")), (backup.SizeBytes, backup.CreatedAt.ToUnixTimeSeconds()));
        Assert.Equal((Number(json, "vmid"), Type(json, "subtype")), (backup.VmId, backup.GuestType));
        Assert.Equal((Text(json, "notes"), Flag(json, "protected")), (backup.Notes, backup.IsProtected));
    });

    public static void PruneCandidates(JsonElement data, IReadOnlyList<PruneCandidate> backups) => Each(data, backups, (json, backup) =>
    {
        Assert.Equal((Text(json, "volid"), Text(json, "mark")), (backup.VolumeId, backup.Mark));
        Assert.Equal((Number(json, "vmid"), Type(json, "type")), (backup.VmId, backup.GuestType));
        Assert.Equal(Number(json, "ctime"), backup.CreatedAt.ToUnixTimeSeconds());
    });

    public static void Backup(JsonElement data, BackupVolumeDetails backup) => Assert.Equal(
        (Text(data, "path"), Number(data, "size"), Number(data, "used"), Text(data, "notes") ?? "", Flag(data, "protected")),
        (backup.Path, backup.RoundedSizeBytes, backup.UsedBytes, backup.Notes, backup.IsProtected));

    public static void Nodes(JsonElement data, IReadOnlyList<ClusterNode> nodes) => Each(data, nodes, (json, node) =>
        Assert.Equal((Text(json, "node"), Text(json, "status")), (node.Node, node.Status)));

    public static void Guests(JsonElement data, IReadOnlyList<Guest> guests)
    {
        var rows = data.EnumerateArray().Where(json => Text(json, "type") is "qemu" or "lxc").ToList();
        Each(rows, guests, (json, guest) =>
        {
            Assert.Equal((Number(json, "vmid"), Type(json, "type"), Text(json, "node")), (guest.VmId, guest.Type, guest.Node));
            Assert.Equal((Text(json, "name"), Text(json, "status"), Text(json, "pool")), (guest.Name, guest.Status, guest.Pool));
            Assert.Equal(Names(json, "tags"), guest.Tags.Order());
            Assert.Equal((Flag(json, "template"), Text(json, "lock")), (guest.IsTemplate, guest.Lock));
        });
    }

    public static void Uncovered(JsonElement data, IReadOnlyList<UncoveredGuest> guests) => Each(data, guests, (json, guest) =>
        Assert.Equal((Number(json, "vmid"), Type(json, "type"), Text(json, "name")), (guest.VmId, guest.Type, guest.Name)));

    public static void VzdumpDefaults(JsonElement data, VzdumpDefaults defaults) => Assert.Equal(
        (Text(data, "script"), Text(data, "dumpdir"), Text(data, "storage"), Text(data, "mode"), Text(data, "compress")),
        (defaults.Script, defaults.DumpDirectory, defaults.Storage, defaults.Mode, defaults.Compress));

    public static void BackupJobs(JsonElement data, IReadOnlyList<BackupJob> jobs) => Each(data, jobs, (json, job) => Assert.Equal(
        (Text(json, "id"), Text(json, "node"), Flag(json, "enabled"), Text(json, "script")), (job.Id, job.Node, job.Enabled is true, job.Script)));

    private static void Each<T>(JsonElement data, IReadOnlyList<T> items, Action<JsonElement, T> agree) =>
        Each([.. data.EnumerateArray()], items, agree);

    private static void Each<T>(List<JsonElement> data, IReadOnlyList<T> items, Action<JsonElement, T> agree)
    {
        Assert.Equal(data.Count, items.Count);
        for (var i = 0; i < data.Count; i++)
        {
            agree(data[i], items[i]);
        }
    }

    private static string? Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value.ToString() : null;

    private static long? Number(JsonElement json, string name) =>
        Text(json, name) is { } text ? long.Parse(text, CultureInfo.InvariantCulture) : null;

    private static bool Flag(JsonElement json, string name) => Text(json, name) == "1";

    private static GuestType? Type(JsonElement json, string name) =>
        Text(json, name) switch { "qemu" => GuestType.Qemu, "lxc" => GuestType.Lxc, _ => null };

    private static IEnumerable<string> Names(JsonElement json, string name) =>
        (Text(json, name) ?? "").Split([',', ';'], StringSplitOptions.RemoveEmptyEntries).Order();
}
