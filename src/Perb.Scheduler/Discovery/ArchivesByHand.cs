using Perb.ProxmoxClient;
using Perb.Scheduler.Backups;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Pipeline;
using Perb.Scheduler.Store;
using Perb.Transfer.Posix;

namespace Perb.Scheduler.Discovery;

/// <summary>The archives that a person named, or what is wrong with the names.</summary>
/// <param name="NotYet">
/// One line for each archive that somebody may still add to, where no listing will see the end of it, and for each that cannot be looked at now.
/// </param>
public sealed record NamedArchives(IReadOnlyList<FoundArchive> Archives, IReadOnlyList<string> Faults, IReadOnlyList<string> NotYet);

/// <summary>
/// Finds archives by path, wherever they lie, and the newest one of a guest. What lies in a dump directory of a storage is that storage's and
/// must be settled like any other; what lies elsewhere was put there by a person and is taken as it is.
/// </summary>
public sealed class ArchivesByHand(
    ProxmoxApi api,
    VzdumpTasks vzdumpTasks,
    StorageListing storages,
    HeldArchives held,
    DiscoveryStore store,
    PerbOptions options,
    TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly TimedLook _look = new(Patience, time);

    private string Node => options.Proxmox.Node;

    /// <summary>What is wrong with a path; a test can make it hang.</summary>
    internal Func<string, string?> FaultOf { get; init; } = ArchivePath.FaultOf;

    /// <exception cref="ProxmoxException">The node does not answer: nobody can say what is whose.</exception>
    public async Task<NamedArchives> FindAsync(IReadOnlyList<string> paths, IReadOnlyList<int> guests, CancellationToken cancellationToken)
    {
        var (archives, faults, notYet) = (new List<FoundArchive>(), new List<string>(), new List<string>());
        foreach (var path in paths.Distinct())
        {
            await InTimeAsync(path, () => FaultOf(path), fault => faults.AddRange(fault is null ? [] : [fault]), notYet, cancellationToken);
        }

        if (guests.Count > 0)
        {
            await AddNewestAsync(guests, archives, faults, cancellationToken);
        }

        if (paths.Count > 0 && faults.Count == 0 && notYet.Count == 0)
        {
            await AddAtPathsAsync(paths, archives, notYet, cancellationToken);
        }

        return new NamedArchives(archives, faults, notYet);
    }

    /// <summary>
    /// Whether the archive of a backup still lies where it was recorded, or is held although it was removed. Null: nobody can tell now.
    /// </summary>
    public async Task<bool?> IsThereAsync(Backup backup, CancellationToken cancellationToken)
    {
        if (held.Holds(new ArchiveFile(backup.Path, backup.SizeBytes, backup.ModifiedAt)))
        {
            return true;
        }

        try
        {
            // A look at a time in each directory: of many archives on a dead mount only the first is waited for.
            return await _look.AtAsync(Path.GetDirectoryName(backup.Path) ?? "", () => FileFacts.At(backup.Path), cancellationToken) is { IsRegularFile: true } file
                && file.SizeBytes == backup.SizeBytes
                && file.ModifiedAt == backup.ModifiedAt;
        }
        catch (Exception exception) when (exception is IOException or TimeoutException)
        {
            return null;
        }
    }

    private async Task InTimeAsync<T>(
        string path, Func<T> look, Action<T> seen, List<string> notYet, CancellationToken cancellationToken)
    {
        try
        {
            seen(await _look.AtAsync(path, look, cancellationToken));
        }
        catch (TimeoutException exception)
        {
            notYet.Add($"{exception.Message} Try again when it is");
        }
    }

    private async Task AddNewestAsync(
        IReadOnlyList<int> guests, List<FoundArchive> archives, List<string> faults, CancellationToken cancellationToken)
    {
        var known = await store.LoadKnownAsync(cancellationToken);
        var look = await storages.LookAsync(await LookAtTasksAsync(cancellationToken), known.Values, cancellationToken);
        var believable = FoundArchive.LatestBelievable(time.GetUtcNow());
        var newest = look.Listing.Archives.Concat(held.RemovedSince(look.Listing))
            .GroupBy(archive => archive.Name.VmId)
            .ToDictionary(group => group.Key, group => group.MaxBy(archive => (archive.Time <= believable, archive.Time))!);
        var existing = (await api.GetGuestsAsync(cancellationToken)).Where(guest => guest.Node == Node).Select(guest => guest.VmId).ToHashSet();
        foreach (var guest in guests.Distinct())
        {
            if (newest.TryGetValue(guest, out var archive))
            {
                archives.Add(archive);
            }
            else
            {
                faults.Add(Absence(guest, existing.Contains(guest), look.Absences));
            }
        }
    }

    private string Absence(int guest, bool exists, IReadOnlyDictionary<string, string?> absences)
    {
        var away = string.Concat(absences.Where(storage => storage.Value is not null).Select(storage => $"; storage {storage.Key}: {storage.Value}"));
        return exists
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
        var places = await Task.WhenAll(all.Where(one => one.Path is not null).Select(one => EnterAsync(one, cancellationToken)));
        foreach (var path in paths.Distinct())
        {
            await InTimeAsync(path, () => Describe(path, places, tasks), Take, notYet, cancellationToken);

            void Take(FoundArchive? archive)
            {
                if (archive is null)
                {
                    notYet.Add($"{path} changed while it was looked at; try again");
                }
                else if (!archive.IsSettled && !listed.Any(one => one.Storage == archive.Storage && one.Path is not null))
                {
                    notYet.Add($"{path}: vzdump may still write its log and notes; try again when the task has ended, or in ten minutes");
                }
                else
                {
                    archives.Add(archive);
                }
            }
        }
    }

    private FoundArchive? Describe(string path, IReadOnlyList<Place> places, TaskView tasks)
    {
        var directory = places.FirstOrDefault(one => IsIn(path, one))?.Directory;
        return ArchiveName.TryParse(Path.GetFileName(path), out var name) && FileFacts.At(path) is { IsRegularFile: true } file
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
    }

    private async Task<TaskView> LookAtTasksAsync(CancellationToken cancellationToken)
    {
        var privileges = TokenPrivileges.Of(await api.GetPermissionsAsync(cancellationToken), Node, options.Discovery.Storages);
        return await vzdumpTasks.LookAsync(privileges.SeesTasks, time.GetUtcNow(), cancellationToken);
    }

    // One that hangs, or is not there, is known by its name alone: what was named was looked at before, so it lies elsewhere.
    private async Task<Place> EnterAsync(DumpDirectory directory, CancellationToken cancellationToken)
    {
        try
        {
            return new Place(directory, await _look.AtAsync(directory.Path!, () => Entered(directory.Path!), cancellationToken));
        }
        catch (TimeoutException)
        {
            return new Place(directory, null);
        }
    }

    // The directory may have several names (a link, a bind mount): it is the same if the kernel says so.
    private static bool IsIn(string path, Place place)
    {
        var parent = Path.GetDirectoryName(path)!;
        return parent == Path.TrimEndingDirectorySeparator(place.Directory.Path!)
            || (place.Facts is { } one && Entered(parent) is { } other && one.IsSameFileAs(other));
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

    private sealed record Place(DumpDirectory Directory, FileFacts? Facts);
}
