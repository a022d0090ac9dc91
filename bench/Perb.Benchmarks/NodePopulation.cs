using System.Globalization;
using Perb.Simulation;
using Perb.Simulation.Guests;
using Perb.Simulation.Storage;

namespace Perb.Benchmarks;

/// <summary>
/// A node of the size that the goals are meant for, written into a directory from which a node is then served. Archives are empty files
/// under standard names: to discovery an archive is a name, a size and a time.
/// </summary>
internal static class NodePopulation
{
    public const string NodeName = "pve1";
    public const string TokenId = "perb@pve!bench";
    public const int GuestCount = 200;
    public const int ArchiveCount = 500;

    private const int FirstVmId = 100;
    private const int OtherTaskCount = 300;

    public static readonly IReadOnlyList<string> StorageNames = ["backup-a", "backup-b", "backup-c"];

    /// <returns>The secret of a token that may only look.</returns>
    public static async Task<string> WriteAsync(
        string directory, int archiveCount, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var node = await SimulatedNode.StartAsync(
            new SimulatedNodeOptions { Directory = directory, NodeName = NodeName }, cancellationToken);
        foreach (var storage in StorageNames)
        {
            node.AddStorage(new StorageDefinition(storage) { Path = Path.Combine(directory, storage), PruneBackups = "keep-last=3" });
            Directory.CreateDirectory(node.Storages[storage].DumpDirectory);
        }

        for (var index = 0; index < GuestCount; index++)
        {
            var type = index % 3 == 0 ? GuestType.Lxc : GuestType.Qemu;
            node.AddGuest(new Guest(FirstVmId + index, type, $"guest-{index}", directory) { Tags = index % 4 == 0 ? ["prod"] : [] });
        }

        AddArchives(node, archiveCount, now);
        AddTasks(node, now);
        return node.CreateToken(TokenId, ["Sys.Audit", "Datastore.Audit", "VM.Audit", "Pool.Audit"]);
    }

    // One nightly run after another, backwards, guest by guest, spread over the storages.
    private static void AddArchives(SimulatedNode node, int count, DateTimeOffset now)
    {
        for (var index = 0; index < count; index++)
        {
            var guest = node.Guests.All[index % GuestCount];
            var time = now.AddDays(-index / GuestCount).AddMinutes(-60 - (index % GuestCount));
            var (type, ending) = guest.Type == GuestType.Lxc ? ("lxc", "tar.zst") : ("qemu", "vma.zst");
            var stem = string.Create(CultureInfo.InvariantCulture, $"vzdump-{type}-{guest.Vmid}-{time.UtcDateTime:yyyy_MM_dd-HH_mm_ss}");
            var folder = node.Storages[StorageNames[index % StorageNames.Count]].DumpDirectory;
            foreach (var name in (string[])[$"{stem}.{ending}", $"{stem}.log", $"{stem}.{ending}.notes"])
            {
                var path = Path.Combine(folder, name);
                File.Create(path).Dispose();
                File.SetLastWriteTimeUtc(path, time.UtcDateTime);
            }
        }
    }

    private static void AddTasks(SimulatedNode node, DateTimeOffset now)
    {
        for (var index = OtherTaskCount; index > 0; index--)
        {
            var ended = now.AddMinutes(-10 * index);
            var (type, id) = index % 6 == 0 ? ("vzdump", "") : ("vzsnapshot", $"{FirstVmId + (index % GuestCount)}");
            node.Tasks.AddFinished(type, id, "root@pam", "OK", ended.AddMinutes(-9), ended);
        }
    }
}
