using Perb.Scheduler.Observability;
using Perb.Scheduler.Remotes;
using Perb.Transfer.Rclone;

namespace Perb.Scheduler.Restore;

/// <summary>A backup, and the remote that it is restored from.</summary>
internal sealed record FoundBackup(RemotePlace Place, RemoteBackup Backup);

/// <summary>One that may not be believed; without its manifest, of which there may be very many.</summary>
internal sealed record PassedOver(RemotePlace Place, RemoteSet Set, string Fault, bool CanBeAllowed);

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
        var (found, passedOver) = (new List<FoundBackup>(), new List<PassedOver>());
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

        foreach (var other in passedOver.Where(other => other.Set.LocalTime > chosen.Backup.Set.LocalTime))
        {
            logger.BackupPassedOver(other.Set.RemoteName, other.Place.Name, other.Fault);
        }

        return chosen;
    }

    private async Task LookAsync(
        RemotePlace place, RestoreSelection selection, List<FoundBackup> found, List<PassedOver> passedOver, CancellationToken cancellationToken)
    {
        var inventory = await remotes.ListAsync(place.Path, [selection.NamePrefix], cancellationToken);
        var sets = inventory.Sets
            .Where(selection.Fits)
            .OrderByDescending(set => set.HasManifest)
            .ThenByDescending(set => set.LocalTime)
            .Chunk(AtATime);
        foreach (var some in sets)
        {
            await foreach (var backup in remotes.ReadAsync(place.Path, some, cancellationToken))
            {
                if (MayBeBelieved(backup))
                {
                    found.Add(new FoundBackup(place, backup));
                    return;
                }

                var canBeAllowed = backup.Read is { IsTrusted: false } || (backup.Set.OldFile is not null && asksForSigners);
                passedOver.Add(new PassedOver(place, backup.Set, backup.FaultInWords ?? "", canBeAllowed));
            }
        }
    }

    private bool MayBeBelieved(RemoteBackup backup) => backup.Read is { } read
        ? read.IsTrusted
        : backup.Set.OldFile is not null && !asksForSigners;

    private static RestoreException Nothing(IReadOnlyList<RemotePlace> places, RestoreSelection selection, List<PassedOver> passedOver)
    {
        var where = string.Join(", ", places.Select(place => place.Name));
        if (passedOver.Count == 0)
        {
            return new RestoreException($"there is no backup of {selection.InWords} on {where}; perb list --remote-only shows what is there");
        }

        var newest = passedOver.MaxBy(other => other.Set.LocalTime)!;
        return new RestoreException(
            $"{newest.Set.RemoteName} on {newest.Place.Name} cannot be restored: {newest.Fault}"
            + (passedOver.Count > 1 ? $"; nor can {passedOver.Count - 1} other(s) of {selection.InWords}" : "")
            + (newest.CanBeAllowed ? "; --allow-unsigned restores it all the same: anyone who has your public key could have made it" : ""));
    }
}
