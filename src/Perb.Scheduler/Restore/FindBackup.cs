using Perb.Scheduler.Observability;
using Perb.Scheduler.Remotes;
using Perb.Transfer.Rclone;

namespace Perb.Scheduler.Restore;

/// <summary>A backup, and the remote that it is restored from.</summary>
internal sealed record FoundBackup(RemotePlace Place, RemoteBackup Backup);

/// <summary>
/// Finds the backup that is meant on all remotes: of a guest the newest that may be believed. One with a manifest goes before PERB's old
/// files, whatever their times; where several remotes have it, one where it is whole.
/// </summary>
internal sealed class FindBackup(ReadRemote remotes, bool asksForSigners, ILogger<FindBackup> logger)
{
    /// <summary>Manifests are read so many at a time, newest first, until one may be believed.</summary>
    private const int AtATime = 8;

    /// <exception cref="RestoreException">There is none, or none that may be believed.</exception>
    /// <exception cref="RcloneException">No remote answers.</exception>
    public async Task<FoundBackup> RunAsync(IReadOnlyList<RemotePlace> places, RestoreSelection selection, CancellationToken cancellationToken)
    {
        var (found, passedOver) = (new List<FoundBackup>(), new List<FoundBackup>());
        RcloneException? silent = null;
        foreach (var place in places)
        {
            try
            {
                await LookAsync(place, selection, found, passedOver, cancellationToken);
            }
            catch (RcloneException exception) when (places.Count > 1 && exception is not RcloneMissingException)
            {
                silent = exception;
                logger.RemotePassedOver(place.Name, exception.Message);
            }
        }

        var chosen = found
            .OrderByDescending(candidate => candidate.Backup.Set.HasManifest)
            .ThenByDescending(candidate => candidate.Backup.Set.LocalTime)
            .ThenBy(candidate => candidate.Backup.FaultInWords is not null)
            .FirstOrDefault();
        if (chosen is null)
        {
            throw passedOver.Count == 0 && silent is not null ? silent : Nothing(places, selection, passedOver);
        }

        foreach (var other in passedOver.Where(other => other.Backup.Set.LocalTime > chosen.Backup.Set.LocalTime))
        {
            logger.BackupPassedOver(other.Backup.RemoteName, other.Place.Name, other.Backup.FaultInWords ?? "");
        }

        return chosen;
    }

    private async Task LookAsync(
        RemotePlace place, RestoreSelection selection, List<FoundBackup> found, List<FoundBackup> passedOver, CancellationToken cancellationToken)
    {
        var inventory = await remotes.ListAsync(place.Path, [selection.NamePrefix], cancellationToken);
        var sets = inventory.Sets
            .Where(selection.Fits)
            .OrderByDescending(set => set.HasManifest)
            .ThenByDescending(set => set.LocalTime)
            .Chunk(AtATime);
        foreach (var some in sets)
        {
            foreach (var backup in await remotes.ReadAsync(place.Path, some, cancellationToken))
            {
                if (MayBeBelieved(backup))
                {
                    found.Add(new FoundBackup(place, backup));
                    return;
                }

                passedOver.Add(new FoundBackup(place, backup));
            }
        }
    }

    private bool MayBeBelieved(RemoteBackup backup) => backup.Read is { } read
        ? read.IsTrusted
        : backup.Set.OldFile is not null && !asksForSigners;

    private RestoreException Nothing(IReadOnlyList<RemotePlace> places, RestoreSelection selection, List<FoundBackup> passedOver)
    {
        var where = string.Join(", ", places.Select(place => place.Name));
        if (passedOver.Count == 0)
        {
            return new RestoreException($"there is no backup of {selection.InWords} on {where}; perb list --remote-only shows what is there");
        }

        var newest = passedOver.MaxBy(other => other.Backup.Set.LocalTime)!;
        var canBeAllowed = newest.Backup.Read is { IsTrusted: false } || (newest.Backup.Set.OldFile is not null && asksForSigners);
        return new RestoreException(
            $"{newest.Backup.RemoteName} on {newest.Place.Name} cannot be restored: {newest.Backup.FaultInWords}"
            + (passedOver.Count > 1 ? $"; nor can {passedOver.Count - 1} other(s) of {selection.InWords}" : "")
            + (canBeAllowed ? "; --allow-unsigned restores it all the same: anyone who has your public key could have made it" : ""));
    }
}
