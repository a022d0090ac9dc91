using System.Text;
using Perb.Scheduler.Backups;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Store;
using Perb.Transfer;
using Perb.Transfer.Manifests;
using Perb.Transfer.Rclone;

namespace Perb.Scheduler.Pipeline;

/// <summary>
/// A remote name that has a manifest is immutable. Where an archive that this store never shipped is published already (the store was
/// lost, the archive copied), it is taken over after its volumes were proven, or it ends as a name conflict; it is never sent over it.
/// </summary>
public sealed class AdoptPublished(PipelineStore store, RcloneProgram rclone, VerifyObject verify, ILogger<AdoptPublished> logger)
{
    private const int MaxManifestBytes = 16 << 20;

    /// <returns>How the copy was proven that is there already; null: there is none, ship it.</returns>
    /// <exception cref="NameConflictException">The manifest speaks of another archive, or an object without manifest is in the way.</exception>
    public async Task<string?> TryAsync(Claim claim, ReadyRemote remote, CancellationToken cancellationToken)
    {
        var backup = claim.Backup;
        if (backup.State != BackupState.Discovered || backup.VolumeCount is not null)
        {
            return null;
        }

        var objects = await rclone.ListAsync(remote.Remote.Path, backup.RemoteName + ".", cancellationToken);
        var manifestName = backup.RemoteName + Manifest.FileSuffix;
        if (objects.All(file => file.Name != manifestName))
        {
            return objects.Count == 0
                ? null
                : throw new NameConflictException(
                    $"{remote.Remote.ObjectPath(Printable.Clean(objects[0].Name))} exists already and this store did not make it: nothing is uploaded over it; move it away on the remote, then retry");
        }

        var path = remote.Remote.ObjectPath(manifestName);
        var manifest = Manifest.Parse(Encoding.UTF8.GetString(await rclone.ReadAsync(path, MaxManifestBytes, cancellationToken)));
        if (manifest.ArchiveBytes != backup.SizeBytes || manifest.ArchiveModifiedAt.ToUnixTimeSeconds() != backup.ModifiedAt.ToUnixTimeSeconds())
        {
            throw new NameConflictException(
                $"{path} was published for another archive ({manifest.ArchiveBytes} bytes of {manifest.ArchiveModifiedAt:u}): {backup.Archive} cannot be shipped under its name");
        }

        var weakest = "download";
        foreach (var volume in manifest.Volumes)
        {
            weakest = VerifyLevels.Weaker(
                weakest, await verify.RunAsync(remote, volume.Name, volume.SizeBytes, volume.Digests, cancellationToken));
        }

        await store.RecordAdoptedAsync(claim, manifest.Volumes, weakest);
        logger.BackupAdopted(backup.RemoteName, remote.Remote.Name);
        return weakest;
    }
}
