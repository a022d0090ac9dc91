using Perb.Scheduler.Backups;
using Perb.Scheduler.Store;

namespace Perb.Scheduler.Discovery;

/// <summary>
/// One look at the world: what was listed, and which storages the listing speaks for. A storage that is away, or that suddenly lists
/// nothing, speaks for nothing: absence there is never evidence.
/// </summary>
public sealed record Listing(IReadOnlyList<FoundArchive> Archives, IReadOnlySet<string> StoragesSpokenFor);

/// <summary>Compares a listing with the store. Pure: from what is known and what was seen to what changes.</summary>
public sealed class DiscoveryDiff(CatchUpPolicy policy, IReadOnlyList<string> remotes)
{
    public IReadOnlyList<DiscoveryChange> Between(
        IReadOnlyDictionary<(string Remote, string RemoteName), KnownBackup> known,
        Listing listing,
        IReadOnlyDictionary<int, KnownGuest> guests,
        DateTimeOffset now)
    {
        var changes = new List<DiscoveryChange>();
        var newest = listing.Archives
            .GroupBy(archive => archive.Name.VmId)
            .ToDictionary(group => group.Key, group => group.Max(archive => archive.Time));
        var byName = listing.Archives.GroupBy(archive => archive.Name.RemoteName).ToDictionary(group => group.Key, group => group.ToList());

        foreach (var (remoteName, sources) in byName)
        {
            foreach (var remote in remotes)
            {
                known.TryGetValue((remote, remoteName), out var backup);
                var archive = sources.FirstOrDefault(source => source.Storage == backup?.Storage) ?? sources[0];
                guests.TryGetValue(archive.Name.VmId, out var guest);
                var skip = policy.SkipReason(archive, archive.Time == newest[archive.Name.VmId], guest, now);
                if (backup is null)
                {
                    changes.Add(new DiscoveryChange.Found(archive, remote, skip));
                }
                else
                {
                    AddChange(changes, backup, archive, sources, skip);
                }
            }
        }

        changes.AddRange(known.Values
            .Where(backup => backup.State is BackupState.Discovered
                && listing.StoragesSpokenFor.Contains(backup.Storage)
                && !byName.ContainsKey(backup.RemoteName))
            .Select(backup => new DiscoveryChange.SourceGone(backup.Id, backup.Path)));
        return changes;
    }

    private static void AddChange(
        List<DiscoveryChange> changes, KnownBackup backup, FoundArchive archive, List<FoundArchive> sources, string? skip)
    {
        if (sources.FirstOrDefault(source => !IsSame(source, archive)) is { } other)
        {
            AddConflict(changes, backup, $"{archive.Path} and {other.Path} have the same name but differ; only the first is shipped");
        }

        if (!IsSame(backup, archive))
        {
            AddReplaced(changes, backup, archive);
            return;
        }

        if (skip is null && backup.State is BackupState.Skipped or BackupState.SourceMissing)
        {
            changes.Add(new DiscoveryChange.Revived(backup.Id, archive));
        }
        else if (skip is not null && backup is { State: BackupState.Discovered, HasPlan: false })
        {
            changes.Add(new DiscoveryChange.Skipped(backup.Id, skip));
        }
        else if (backup.State is BackupState.Discovered
            && (backup.Path != archive.Path || (archive.IsSettled && !backup.IsSettled)))
        {
            changes.Add(new DiscoveryChange.Seen(backup.Id, archive));
        }
    }

    // A remote name that was published is immutable: the new archive cannot be shipped under it, and that must not look like success.
    private static void AddReplaced(List<DiscoveryChange> changes, KnownBackup backup, FoundArchive archive)
    {
        if (backup.State is BackupState.Discovered or BackupState.Skipped or BackupState.SourceMissing or BackupState.Failed)
        {
            changes.Add(new DiscoveryChange.Replaced(backup.Id, archive));
        }
        else
        {
            AddConflict(changes, backup, $"{archive.Path} is not the archive that was shipped as {backup.RemoteName}: other size or time; it is not offsite");
        }
    }

    private static void AddConflict(List<DiscoveryChange> changes, KnownBackup backup, string text)
    {
        if (backup.Failure != text)
        {
            changes.Add(new DiscoveryChange.Conflict(backup.Id, text));
        }
    }

    private static bool IsSame(KnownBackup backup, FoundArchive archive) =>
        backup.Archive == archive.Name.FileName && backup.SizeBytes == archive.SizeBytes && backup.ModifiedAt == archive.ModifiedAt;

    private static bool IsSame(FoundArchive one, FoundArchive other) =>
        one.Name.FileName == other.Name.FileName && one.SizeBytes == other.SizeBytes && one.ModifiedAt == other.ModifiedAt;
}
