using Perb.Scheduler.Backups;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Store;
using Perb.Transfer.Rclone;

namespace Perb.Scheduler.Pipeline;

/// <summary>
/// The deliberate exception from "a name with a manifest is immutable": a copy of ours that turned out damaged is shipped again. First goes
/// what vouches for it, so that nobody takes it for whole meanwhile; its good volumes stay.
/// </summary>
public sealed class RemoveDamaged(PipelineStore store, RcloneProgram rclone, AdoptPublished adopt, ILogger<RemoveDamaged> logger)
{
    /// <returns>What is left of it there: all, where it turns out to be whole.</returns>
    public async Task<RemoteObjects> RunAsync(
        Claim claim, ReadyRemote remote, RemoteObjects objects, SourceAtNeed source, CancellationToken cancellationToken)
    {
        if (claim.Backup.State != BackupState.Damaged)
        {
            return objects;
        }

        List<string> names = [objects.ManifestName, objects.SignatureName];
        if (await store.LoadPlanAsync(claim.Backup, cancellationToken) is null)
        {
            // Found on the remote once and taken over: nothing says how its volumes were cut, so all of them are made anew. Not before it is
            // sure that they can be, nor while they are right.
            if (await IsWholeAsync(claim, remote, objects, cancellationToken))
            {
                return objects;
            }

            (await source.OpenAsync(cancellationToken)).Dispose();
            names.AddRange((await store.LoadVolumesAsync(claim.Backup.Id, cancellationToken)).Select(volume => volume.Name));
            names.AddRange(objects.Sizes.Keys.Where(name => name.EndsWith(".enc", StringComparison.Ordinal)));
        }

        foreach (var name in names.Distinct().Where(objects.Sizes.ContainsKey))
        {
            await rclone.DeleteFileAsync(remote.Remote.ObjectPath(name), cancellationToken);
        }

        return objects with { Sizes = objects.Sizes.Where(entry => !names.Contains(entry.Key)).ToDictionary() };
    }

    private async Task<bool> IsWholeAsync(Claim claim, ReadyRemote remote, RemoteObjects objects, CancellationToken cancellationToken)
    {
        if (!objects.HasManifest)
        {
            return false;
        }

        try
        {
            await adopt.ProveAsync(claim.Backup, remote, objects, cancellationToken);
            return true;
        }
        catch (NameConflictException exception)
        {
            logger.StillDamaged(claim.Backup.RemoteName, remote.Remote.Name, exception.Message);
            return false;
        }
    }
}
