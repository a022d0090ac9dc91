using Perb.ProxmoxClient;

namespace Perb.Scheduler.Discovery;

/// <summary>Where one storage keeps its archives on this node.</summary>
/// <param name="Path">Null: the storage is away (disabled, not mounted, not reachable), as <paramref name="Absence"/> says.</param>
public sealed record DumpDirectory(string Storage, string? Path, string? Absence)
{
    private static readonly HashSet<string> MountedTypes = new(StringComparer.Ordinal) { "nfs", "cifs", "cephfs", "glusterfs" };

    /// <summary>
    /// The directories that this node should look into. Pure: from the cluster's storage configuration and what the node says of each.
    /// Storages without files (PBS, external providers) are not among them.
    /// </summary>
    public static IReadOnlyList<DumpDirectory> Of(
        IReadOnlyList<StorageConfiguration> configured, IReadOnlyList<NodeStorage> seen, string node, IReadOnlyList<string> wanted)
    {
        var byId = seen.ToDictionary(storage => storage.Storage);
        return [.. configured
            .Where(storage => storage.Content.Contains("backup")
                && !storage.Disabled
                && (storage.Nodes.Count == 0 || storage.Nodes.Contains(node))
                && (wanted.Count == 0 || wanted.Contains(storage.Storage)))
            .Select(storage => (Storage: storage, Root: RootOf(storage)))
            .Where(pair => pair.Root is not null)
            .Select(pair => Of(pair.Storage, pair.Root!, byId.GetValueOrDefault(pair.Storage.Storage)))];
    }

    // Never "<path>/dump": content-dirs can move it (facts: pve-storage, Plugin.pm get_subdir).
    private static DumpDirectory Of(StorageConfiguration storage, string root, NodeStorage? seen) => seen switch
    {
        null => new DumpDirectory(storage.Storage, null, "the node does not list it"),
        { Active: false } => new DumpDirectory(storage.Storage, null, "it is not active (not mounted or not reachable)"),
        _ => new DumpDirectory(
            storage.Storage, System.IO.Path.Combine(root, storage.ContentDirectories.GetValueOrDefault("backup", "dump")), null),
    };

    private static string? RootOf(StorageConfiguration storage) =>
        storage.Path ?? (MountedTypes.Contains(storage.Type) ? $"/mnt/pve/{storage.Storage}" : null);
}
