using Perb.ProxmoxClient;
using Perb.Scheduler.Backups;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Store;
using Perb.Transfer.Posix;

namespace Perb.Scheduler.Discovery;

/// <summary>The archives that a person named, or what is wrong with the names.</summary>
/// <param name="NotYet">One line for each archive that somebody may still add to, where no listing will see the end of it.</param>
public sealed record NamedArchives(IReadOnlyList<FoundArchive> Archives, IReadOnlyList<string> Faults, IReadOnlyList<string> NotYet);

/// <summary>
/// Finds archives by path, wherever they lie, and the newest one of a guest. What lies in a dump directory of a storage is that storage's and
/// must be settled like any other; what lies elsewhere was put there by a person and is taken as it is.
/// </summary>
public sealed class ArchivesByHand(
    ProxmoxApi api,
    VzdumpTasks vzdumpTasks,
    StorageListing storages,
    ArchiveDiscovery discovery,
    DiscoveryStore store,
    StatusStore status,
    PerbOptions options,
    TimeProvider time)
{
    private string Node => options.Proxmox.Node;

    /// <exception cref="ProxmoxException">The node does not answer: nobody can say what is whose.</exception>
    public async Task<NamedArchives> FindAsync(IReadOnlyList<string> paths, IReadOnlyList<int> guests, CancellationToken cancellationToken)
    {
        var faults = paths.Distinct().Select(ArchivePath.FaultOf).OfType<string>().ToList();
        var archives = new List<FoundArchive>();
        if (guests.Count > 0)
        {
            await AddNewestAsync(guests, archives, faults, cancellationToken);
        }

        var notYet = new List<string>();
        if (paths.Count > 0 && faults.Count == 0)
        {
            await AddAtPathsAsync(paths, archives, notYet, cancellationToken);
        }

        return new NamedArchives(archives, faults, notYet);
    }

    private async Task AddNewestAsync(
        IReadOnlyList<int> guests, List<FoundArchive> archives, List<string> faults, CancellationToken cancellationToken)
    {
        await discovery.ReconcileAsync(cancellationToken);
        var known = await store.LoadKnownAsync(cancellationToken);
        var look = await storages.LookAsync(await LookAtTasksAsync(cancellationToken), known.Values, cancellationToken);
        var believable = FoundArchive.LatestBelievable(time.GetUtcNow());
        var newest = look.Listing.Archives
            .GroupBy(archive => archive.Name.VmId)
            .ToDictionary(group => group.Key, group => group.MaxBy(archive => (archive.Time <= believable, archive.Time))!);
        var existing = (await status.GuestsAsync(cancellationToken)).ToDictionary(guest => guest.Guest, guest => guest.Exists);
        foreach (var guest in guests.Distinct())
        {
            if (newest.TryGetValue(guest, out var archive))
            {
                archives.Add(archive);
            }
            else
            {
                faults.Add(Absence(guest, existing.GetValueOrDefault(guest), look.Absences));
            }
        }
    }

    private string Absence(int guest, bool? exists, IReadOnlyDictionary<string, string?> absences)
    {
        var away = string.Concat(absences.Where(storage => storage.Value is not null).Select(storage => $"; storage {storage.Key}: {storage.Value}"));
        return exists is true
            ? $"guest {guest} has no archive in any dump directory of {Node}{away}"
            : $"{Node} shows no guest {guest}, and no archive of one{away}";
    }

    private async Task AddAtPathsAsync(
        IReadOnlyList<string> paths, List<FoundArchive> archives, List<string> notYet, CancellationToken cancellationToken)
    {
        var configured = await api.GetStorageConfigurationAsync(cancellationToken);
        var seen = await api.GetNodeStoragesAsync(Node, null, cancellationToken);
        var nodeCount = (await api.GetNodesAsync(cancellationToken)).Count;
        var all = DumpDirectory.Of(configured, seen, Node, nodeCount, [.. configured.Select(storage => storage.Storage)]);
        var listed = DumpDirectory.Of(configured, seen, Node, nodeCount, options.Discovery.Storages);
        var tasks = await LookAtTasksAsync(cancellationToken);
        foreach (var path in paths.Distinct())
        {
            var directory = all.FirstOrDefault(one => IsIn(path, one));
            if (Describe(path, directory, tasks) is not { } archive)
            {
                notYet.Add($"{path} changed while it was looked at; try again");
            }
            else if (!archive.IsSettled && !listed.Any(one => one.Storage == directory?.Storage && one.Path is not null))
            {
                notYet.Add($"{path}: vzdump may still write its log and notes; try again when the task has ended, or in ten minutes");
            }
            else
            {
                archives.Add(archive);
            }
        }
    }

    private FoundArchive? Describe(string path, DumpDirectory? directory, TaskView tasks) =>
        ArchiveName.TryParse(Path.GetFileName(path), out var name) && FileFacts.At(path) is { IsRegularFile: true } file
            ? new FoundArchive(
                name,
                directory?.Storage,
                Node,
                directory is null ? path : Path.Combine(directory.Path!, name.FileName),
                file.SizeBytes,
                file.ModifiedAt,
                NodeClock.ToInstant(name.LocalTime, options.TimeZone),
                directory is null || DumpListing.IsSettled(path, name, file.ModifiedAt, directory, tasks, time.GetUtcNow()))
            : null;

    private async Task<TaskView> LookAtTasksAsync(CancellationToken cancellationToken)
    {
        var privileges = TokenPrivileges.Of(await api.GetPermissionsAsync(cancellationToken), Node);
        return await vzdumpTasks.LookAsync(privileges.SeesTasks, time.GetUtcNow(), cancellationToken);
    }

    // The directory may have several names (a link, a bind mount): it is the same if the kernel says so.
    private static bool IsIn(string path, DumpDirectory directory)
    {
        if (directory.Path is null)
        {
            return false;
        }

        var parent = Path.GetDirectoryName(path)!;
        return parent == Path.TrimEndingDirectorySeparator(directory.Path)
            || (Entered(parent) is { } one && Entered(directory.Path) is { } other && one.IsSameFileAs(other));
    }

    private static FileFacts? Entered(string directory)
    {
        try
        {
            return FileFacts.At(Path.Combine(directory, "."));
        }
        catch (IOException)
        {
            return null;
        }
    }
}
