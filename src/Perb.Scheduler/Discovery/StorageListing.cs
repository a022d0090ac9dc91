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

    /// <summary>
    /// Storages that were not there at the last look, or did not answer: nobody should touch what lies in them. One that answers and is
    /// doubted (it lists nothing, Proxmox does not show it) is none of them.
    /// </summary>
    public IReadOnlySet<string> Away { get; private set; } = new HashSet<string>();

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
        var away = new HashSet<string>(StringComparer.Ordinal);
        foreach (var directory in await DirectoriesAsync(cancellationToken))
        {
            var (found, absence) = await TryListAsync(directory, tasks, cancellationToken);
            if (found is null)
            {
                away.Add(directory.Storage);
            }

            archives.AddRange(found ?? []);
            absences[directory.Storage] = found is [] && known.Any(backup => backup.Storage == directory.Storage && NeedsSource(backup))
                ? "it lists nothing although archives in it wait to be shipped; is it mounted?"
                : absence;
        }

        Away = away;
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

    /// <summary>What is in the directory, or why nobody can tell.</summary>
    private async Task<(IReadOnlyList<FoundArchive>? Found, string? Absence)> TryListAsync(
        DumpDirectory directory, TaskView tasks, CancellationToken cancellationToken)
    {
        if (directory.Path is null)
        {
            return (null, directory.Absence);
        }

        try
        {
            return (await _look.AtAsync(directory.Path, () => List(directory, tasks), cancellationToken), null);
        }
        catch (TimeoutException exception)
        {
            return (null, exception.Message);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return (null, $"{directory.Path} cannot be listed: {exception.Message}");
        }
    }

    private static bool NeedsSource(KnownBackup backup) => backup is { State: BackupState.Discovered, IsAllSealed: false };
}
