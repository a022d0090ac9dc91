using Perb.Simulation.Http;

namespace Perb.Simulation.Storage;

/// <summary>The storages of the cluster as this node sees them; may be changed while the node runs.</summary>
public sealed class Storages
{
    private readonly Lock _lock = new();
    private readonly string _nodeName;
    private readonly Action _changed;
    private IReadOnlyList<StorageDefinition> _all;

    internal Storages(IReadOnlyList<StorageDefinition> all, string nodeName, Action changed)
    {
        _all = all;
        _nodeName = nodeName;
        _changed = changed;
    }

    public IReadOnlyList<StorageDefinition> All => _all;

    public StorageDefinition this[string id] => Find(id) ?? throw new KeyNotFoundException($"The node has no storage '{id}'.");

    /// <summary>Adds a storage, or replaces the one of the same id.</summary>
    public void Set(StorageDefinition storage)
    {
        lock (_lock)
        {
            var known = _all.Any(other => other.Id == storage.Id);
            _all = known ? [.. _all.Select(other => other.Id == storage.Id ? storage : other)] : [.. _all, storage];
        }

        if (IsActive(storage) && storage.HasFiles)
        {
            Directory.CreateDirectory(storage.DumpDirectory);
        }

        _changed();
    }

    public void Change(string id, Func<StorageDefinition, StorageDefinition> change) => Set(change(this[id]));

    public void Remove(string id)
    {
        lock (_lock)
        {
            _all = [.. _all.Where(storage => storage.Id != id)];
        }

        _changed();
    }

    internal StorageDefinition? Find(string id) => _all.FirstOrDefault(storage => storage.Id == id);

    internal bool IsEnabled(StorageDefinition storage) =>
        !storage.Disabled && (storage.Nodes.Count == 0 || storage.Nodes.Contains(_nodeName));

    internal bool IsActive(StorageDefinition storage) => IsEnabled(storage) && InactiveReason(storage) is null;

    internal StorageDefinition Known(string id) => Find(id) ?? throw new ApiException(500, $"storage '{id}' does not exist");

    /// <summary>The storage, ready for use; every reason against it is a 500 with the text as reason phrase.</summary>
    internal StorageDefinition Activate(string id)
    {
        var storage = Known(id);
        if (storage.Disabled)
        {
            throw new ApiException(500, $"storage '{id}' is disabled");
        }

        if (!IsEnabled(storage))
        {
            throw new ApiException(500, $"storage '{id}' is not available on node '{_nodeName}'");
        }

        if (InactiveReason(storage) is { } reason)
        {
            throw new ApiException(500, reason);
        }

        if (storage.HasFiles && storage.Contents.Contains("backup"))
        {
            // Activation makes missing directories: a plain dir on a missing mount is an empty list, not an error.
            Directory.CreateDirectory(storage.DumpDirectory);
        }

        return storage;
    }

    private static string? InactiveReason(StorageDefinition storage)
    {
        if (storage.Mounted)
        {
            return null;
        }

        if (storage.IsNetwork || storage.Type == "pbs")
        {
            return $"storage '{storage.Id}' is not online";
        }

        return storage.IsMountpoint
            ? $"unable to activate storage '{storage.Id}' - directory is expected to be a mount point but is not mounted: '{storage.Path}'"
            : null;
    }
}
