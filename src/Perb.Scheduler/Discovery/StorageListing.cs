using Perb.ProxmoxClient;
using Perb.Scheduler.Backups;
using Perb.Scheduler.Configuration;

namespace Perb.Scheduler.Discovery;

/// <summary>What lies in the storages of this node, and why some were not looked into.</summary>
/// <param name="Absences">Every storage in question, with the reason why it is not spoken for; null: it is.</param>
public sealed record StorageLook(Listing Listing, IReadOnlyDictionary<string, string?> Absences);

/// <summary>Looks into every storage that this node should ship from: where it is by the API, what is in it by the file system.</summary>
public sealed class StorageListing(ProxmoxApi api, DumpListing dumpListing, PerbOptions options, TimeProvider time)
{
    // Thousands of archives on a slow share take their time.
    private readonly TimedLook _look = new(TimeSpan.FromMinutes(2), time);

    /// <summary>Lists one directory; a test can make it hang.</summary>
    internal Func<DumpDirectory, TaskView, IReadOnlyList<FoundArchive>> List { get; init; } =
        (directory, tasks) => dumpListing.List(directory, options.Proxmox.Node, tasks, time.GetUtcNow());

    /// <summary>Where the archives of this node lie, or why not there.</summary>
    /// <exception cref="ProxmoxException">The node does not answer, or not as it should.</exception>
    public async Task<IReadOnlyList<DumpDirectory>> DirectoriesAsync(CancellationToken cancellationToken) => DumpDirectory.Of(
        await api.GetStorageConfigurationAsync(cancellationToken),
        await api.GetNodeStoragesAsync(options.Proxmox.Node, null, cancellationToken),
        options.Proxmox.Node,
        (await api.GetNodesAsync(cancellationToken)).Count,
        options.Discovery.Storages);

    /// <param name="tasks">What the node said of its vzdump tasks before this look.</param>
    /// <param name="known">What the store holds, to tell an emptied storage from one that is not mounted.</param>
    /// <param name="cancellationToken">Ends the calls to the node.</param>
    /// <exception cref="ProxmoxException">The node does not answer, or not as it should.</exception>
    public async Task<StorageLook> LookAsync(TaskView tasks, IReadOnlyCollection<KnownBackup> known, CancellationToken cancellationToken)
    {
        var archives = new List<FoundArchive>();
        var absences = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach (var directory in await DirectoriesAsync(cancellationToken))
        {
            absences[directory.Storage] = await TryListAsync(directory, tasks, known, archives, cancellationToken);
        }

        AddUnseen(absences, known);
        var spokenFor = absences.Where(storage => storage.Value is null).Select(storage => storage.Key).ToHashSet(StringComparer.Ordinal);
        return new StorageLook(new Listing(archives, spokenFor, absences.Count > 0 && spokenFor.Count == absences.Count), absences);
    }

    // Removed, disabled, or not for this token any more: the node does not say which, so nothing follows from it.
    private void AddUnseen(Dictionary<string, string?> absences, IReadOnlyCollection<KnownBackup> known)
    {
        var unseen = known
            .Where(backup => NeedsSource(backup) && backup.Storage is { } storage && !absences.ContainsKey(storage) && IsWanted(storage))
            .GroupBy(backup => backup.Storage!)
            .ToList();
        foreach (var storage in unseen)
        {
            absences[storage.Key] =
                "Proxmox does not show it any more (removed, disabled, without backups, or not for the token), "
                + $"although archives in it wait to be shipped: {storage.Select(backup => backup.Archive).Distinct().Count()}";
        }
    }

    private bool IsWanted(string storage) => options.Discovery.Storages is not { Count: > 0 } wanted || wanted.Contains(storage);

    /// <summary>Null where the directory was read and may be believed; otherwise why not.</summary>
    private async Task<string?> TryListAsync(
        DumpDirectory directory,
        TaskView tasks,
        IReadOnlyCollection<KnownBackup> known,
        List<FoundArchive> archives,
        CancellationToken cancellationToken)
    {
        if (directory.Path is null)
        {
            return directory.Absence;
        }

        try
        {
            var found = await _look.AtAsync(directory.Path, () => List(directory, tasks), cancellationToken);
            archives.AddRange(found);
            return found.Count == 0 && known.Any(backup => backup.Storage == directory.Storage && NeedsSource(backup))
                ? "it lists nothing although archives in it wait to be shipped; is it mounted?"
                : null;
        }
        catch (TimeoutException)
        {
            return $"{directory.Path} does not answer: is the server of its mount there?";
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return $"{directory.Path} cannot be listed: {exception.Message}";
        }
    }

    private static bool NeedsSource(KnownBackup backup) => backup is { State: BackupState.Discovered, IsAllSealed: false };
}
