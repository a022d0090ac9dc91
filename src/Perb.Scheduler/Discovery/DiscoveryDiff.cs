using Perb.Scheduler.Backups;
using Perb.Scheduler.Store;

namespace Perb.Scheduler.Discovery;

/// <summary>
/// One look at the world: what was listed, and which storages the listing speaks for. A storage that is away, or that suddenly lists
/// nothing, speaks for nothing: absence there is never evidence.
/// </summary>
/// <param name="IsComplete">It speaks for every storage.</param>
public sealed record Listing(IReadOnlyList<FoundArchive> Archives, IReadOnlySet<string> StoragesSpokenFor, bool IsComplete);

/// <summary>Compares a listing with the store. Pure: from what is known and what was seen to what changes.</summary>
public sealed class DiscoveryDiff(CatchUpPolicy policy, IReadOnlyList<string> remotes)
{
    /// <summary>Why a backup is skipped that no rule skips.</summary>
    public const string SkippedByPerson = "skipped by a person, until perb retry";

    public IReadOnlyList<DiscoveryChange> Between(
        IReadOnlyDictionary<(string Remote, string RemoteName), KnownBackup> known,
        Listing listing,
        IReadOnlyDictionary<int, KnownGuest> guests,
        DateTimeOffset now)
    {
        var changes = new List<DiscoveryChange>();
        var newest = listing.Archives
            .Where(archive => archive.Time <= FoundArchive.LatestBelievable(now))
            .GroupBy(archive => archive.Name.VmId)
            .ToDictionary(group => group.Key, group => group.Max(archive => archive.Time));
        var byName = listing.Archives.GroupBy(archive => archive.Name.RemoteName).ToDictionary(group => group.Key, group => group.ToList());

        foreach (var (remoteName, sources) in byName)
        {
            foreach (var remote in remotes)
            {
                known.TryGetValue((remote, remoteName), out var backup);
                var archive = Choose(sources, backup);
                guests.TryGetValue(archive.Name.VmId, out var guest);
                var isNewest = newest.TryGetValue(archive.Name.VmId, out var time) && archive.Time == time;
                var skip = backup?.ByHand switch
                {
                    ByHand.Ship => null,
                    ByHand.Skip => SkippedByPerson,
                    _ => policy.SkipReason(archive, isNewest, guest, now),
                };
                var conflict = skip is null && sources.FirstOrDefault(source => !IsSame(source, archive)) is { } other
                    ? $"{archive.Path} and {other.Path} have the same name but differ; only the first is shipped"
                    : null;
                if (backup is null)
                {
                    changes.Add(new DiscoveryChange.Found(archive, remote, skip, conflict));
                }
                else
                {
                    AddChanges(changes, backup, archive, skip, conflict);
                }
            }
        }

        changes.AddRange(known.Values
            .Where(backup => backup is { State: BackupState.Discovered, IsAllSealed: false, IsClaimed: false }
                && backup.Storage is { } storage
                && listing.StoragesSpokenFor.Contains(storage)
                && !byName.ContainsKey(backup.RemoteName))
            .Select(backup => new DiscoveryChange.SourceGone(backup.Id, backup.Path)));
        changes.AddRange(known.Values
            .Where(backup => backup is { State: BackupState.Published, Failure: not null }
                && listing.IsComplete
                && byName.GetValueOrDefault(backup.RemoteName, []).All(source => IsSame(backup, source)))
            .Select(backup => new DiscoveryChange.ConflictOver(backup.Id)));
        return changes;
    }

    // The archive that the backup is a record of, wherever it lies; only where that is gone, another of the same name.
    private static FoundArchive Choose(List<FoundArchive> sources, KnownBackup? backup) => backup is null
        ? sources[0]
        : sources.FirstOrDefault(source => source.Path == backup.Path && IsSame(backup, source))
            ?? sources.FirstOrDefault(source => IsSame(backup, source))
            ?? sources.FirstOrDefault(source => source.Storage == backup.Storage)
            ?? sources[0];

    private static void AddChanges(
        List<DiscoveryChange> changes, KnownBackup backup, FoundArchive archive, string? skip, string? conflict)
    {
        // A name that was published is immutable, and what is sealed takes it: the new archive cannot be shipped under it, and that must not
        // look like success.
        if (!IsSame(backup, archive) && !MayBeReplaced(backup))
        {
            conflict = $"{archive.Path} is not the archive that was shipped as {backup.RemoteName}: other size or time; it is not offsite";
        }
        else if (IsRebuilt(backup))
        {
            changes.Add(new DiscoveryChange.Recognised(backup.Id, archive));
        }
        else if (backup.Storage is null)
        {
            // A person named it where it lies, outside of all storages: what a storage holds says nothing about it.
            conflict = IsSame(backup, archive) || skip is not null
                ? null
                : $"{backup.Path} and {archive.Path} have the same name but differ; only the first is shipped";
        }
        else if (!backup.IsClaimed)
        {
            AddMoves(changes, backup, archive, skip);
        }

        // Last, because a change of state writes the same column.
        if (conflict is not null && backup.Failure != conflict)
        {
            changes.Add(new DiscoveryChange.Conflict(backup.Id, conflict));
        }
    }

    private static void AddMoves(List<DiscoveryChange> changes, KnownBackup backup, FoundArchive archive, string? skip)
    {
        if (skip is not null && backup.State is BackupState.Failed)
        {
            return; // it stays as it is until somebody wants it again
        }

        var isReplaced = !IsSame(backup, archive);
        if (isReplaced)
        {
            changes.Add(new DiscoveryChange.Replaced(backup.Id, archive));
        }

        if (skip is null && (backup.State is BackupState.Skipped or BackupState.SourceMissing || (isReplaced && backup.State is BackupState.Failed)))
        {
            changes.Add(new DiscoveryChange.Revived(backup.Id, archive, backup.State));
        }
        else if (skip is not null && backup is { State: BackupState.Discovered, HasPlan: false })
        {
            changes.Add(new DiscoveryChange.Skipped(backup.Id, skip));
        }
        else if (!isReplaced
            && backup.State is BackupState.Discovered
            && (backup.Path != archive.Path || (archive.IsSettled && !backup.IsSettled)))
        {
            changes.Add(new DiscoveryChange.Seen(backup.Id, archive));
        }
    }

    // Of an archive that is gone, what is sealed is all that is left: it is not thrown away for another of its name. It stays in staging only
    // as long as the backup is to be shipped.
    private static bool MayBeReplaced(KnownBackup backup) =>
        backup is { State: BackupState.Discovered, IsAllSealed: false }
            or { State: BackupState.Skipped or BackupState.SourceMissing or BackupState.Failed };

    // From a manifest, which has whole seconds and no name.
    private static bool IsRebuilt(KnownBackup backup) => backup.Archive.Length == 0;

    private static bool IsSame(KnownBackup backup, FoundArchive archive) => IsRebuilt(backup)
        ? backup.SizeBytes == archive.SizeBytes && backup.ModifiedAt.ToUnixTimeSeconds() == archive.ModifiedAt.ToUnixTimeSeconds()
        : backup.Archive == archive.Name.FileName && backup.SizeBytes == archive.SizeBytes && backup.ModifiedAt == archive.ModifiedAt;

    private static bool IsSame(FoundArchive one, FoundArchive other) =>
        one.Name.FileName == other.Name.FileName && one.SizeBytes == other.SizeBytes && one.ModifiedAt == other.ModifiedAt;
}
