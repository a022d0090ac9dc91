using Perb.ProxmoxClient;

namespace Perb.Scheduler.Discovery;

/// <summary>Where one storage keeps its archives on this node.</summary>
/// <param name="Path">
/// Null: it is not looked into, because the storage is away (not mounted, not reachable) or not ours, as <paramref name="Absence"/> says.
/// </param>
/// <param name="IsShared">Other nodes write there too.</param>
public sealed record DumpDirectory(string Storage, string? Path, string? Absence, bool IsShared)
{
    private static readonly HashSet<string> MountedTypes = new(StringComparer.Ordinal) { "nfs", "cifs", "cephfs", "glusterfs" };

    /// <summary>
    /// The directories that this node should look into. Pure: from the cluster's storage configuration and what the node says of each.
    /// Storages without files (PBS, external providers) are not among them.
    /// </summary>
    /// <param name="configured">Every storage of the cluster.</param>
    /// <param name="seen">Those that the node sees.</param>
    /// <param name="node">This node.</param>
    /// <param name="nodeCount">How many nodes the cluster has, those that are away too.</param>
    /// <param name="wanted"><c>Discovery:Storages</c>; empty means all that no other node could ship as well.</param>
    public static IReadOnlyList<DumpDirectory> Of(
        IReadOnlyList<StorageConfiguration> configured, IReadOnlyList<NodeStorage> seen, string node, int nodeCount, IReadOnlyList<string> wanted)
    {
        var byId = seen.ToDictionary(storage => storage.Storage);
        return [.. configured
            .Where(storage => storage.Content.Contains("backup")
                && !storage.Disabled
                && (storage.Nodes.Count == 0 || storage.Nodes.Contains(node))
                && (wanted.Count == 0 || wanted.Contains(storage.Storage)))
            .Select(storage => (Storage: storage, Root: RootOf(storage)))
            .Where(pair => pair.Root is not null)
            .Select(pair => OthersWouldShip(pair.Storage, nodeCount) && wanted.Count == 0
                ? LeftToOthers(pair.Storage, nodeCount)
                : Of(pair.Storage, pair.Root!, byId.GetValueOrDefault(pair.Storage.Storage)))];
    }

    private static bool OthersWouldShip(StorageConfiguration storage, int nodeCount) =>
        storage.Shared && nodeCount > 1 && storage.Nodes.Count != 1;

    // There is no store that the nodes share, so nothing else keeps them from each shipping the same archives.
    private static DumpDirectory LeftToOthers(StorageConfiguration storage, int nodeCount) => new(
        storage.Storage,
        null,
        $"it is skipped: it is shared by the cluster, and each of the {nodeCount} nodes would ship it; "
        + "list the storages in Perb:Discovery:Storages, this one on a single node only",
        true);

    // Never "<path>/dump": content-dirs can move it (facts: pve-storage, Plugin.pm get_subdir).
    private static DumpDirectory Of(StorageConfiguration storage, string root, NodeStorage? seen) => seen switch
    {
        null => new DumpDirectory(storage.Storage, null, "the node does not list it", storage.Shared),
        { Active: false } => new DumpDirectory(storage.Storage, null, "it is not active (not mounted or not reachable)", storage.Shared),
        _ => new DumpDirectory(
            storage.Storage,
            System.IO.Path.Combine(root, storage.ContentDirectories.GetValueOrDefault("backup", "dump")),
            null,
            storage.Shared),
    };

    private static string? RootOf(StorageConfiguration storage) =>
        storage.Path ?? (MountedTypes.Contains(storage.Type) ? $"/mnt/pve/{storage.Storage}" : null);
}
