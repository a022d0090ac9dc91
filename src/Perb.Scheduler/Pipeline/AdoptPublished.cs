using System.Text;
using Perb.Scheduler.Backups;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Store;
using Perb.Transfer.Manifests;
using Perb.Transfer.Rclone;

namespace Perb.Scheduler.Pipeline;

/// <summary>
/// A remote name that has a manifest is immutable. Where an archive is published already (the store was lost, the archive copied, perb died
/// before it could record it), the copy is taken over after every volume was proven, or it ends as a name conflict; nothing is sent over it.
/// </summary>
public sealed class AdoptPublished(
    PipelineStore store, RcloneProgram rclone, TrustManifest trust, VerifyObject verify, ILogger<AdoptPublished> logger)
{
    private const int MaxManifestBytes = 64 << 20; // the most volumes that a backup may have make some 30 MB

    /// <returns>How the copy was proven.</returns>
    /// <exception cref="NameConflictException">
    /// The manifest is nobody's whom we trust, or speaks of another archive, or of volumes that are not there.
    /// </exception>
    public async Task<VerifyLevel> RunAsync(Claim claim, ReadyRemote remote, RemoteObjects objects, CancellationToken cancellationToken)
    {
        var path = remote.Remote.ObjectPath(objects.ManifestName);
        var content = await rclone.ReadAsync(path, MaxManifestBytes, cancellationToken);
        await trust.RequireAsync(claim, remote.Remote, objects, content, cancellationToken);
        var manifest = Manifest.Parse(Encoding.UTF8.GetString(content));
        if (!IsOf(manifest, claim.Backup))
        {
            throw new NameConflictException(
                $"{path} was published for another archive ({manifest.RemoteName}, {manifest.ArchiveBytes} bytes of {manifest.ArchiveModifiedAt:u}): "
                + $"{claim.Backup.Archive} cannot be shipped under its name; move the old copy away on the remote, then retry");
        }

        var weakest = VerifyLevel.Download;
        try
        {
            foreach (var volume in manifest.Volumes)
            {
                var how = await verify.RunAsync(
                    remote, volume.Name, volume.SizeBytes, volume.Digests, cancellationToken, wasSentByUs: false);
                weakest = how < weakest ? how : weakest;
            }
        }
        catch (CopyMismatchException exception)
        {
            throw new NameConflictException(
                $"{path} was published before, but {exception.Message}: that copy is damaged; move it away on the remote, then retry");
        }

        var isOfPlan = await PlannedManifest.IsAsync(store, claim.Backup, content, cancellationToken);
        await store.RecordAdoptedAsync(claim, manifest.Volumes, weakest, isOfPlan);
        logger.BackupAdopted(claim.Backup.RemoteName, remote.Remote.Name);
        return weakest;
    }

    // The manifest has whole seconds.
    private static bool IsOf(Manifest manifest, Backup backup) =>
        manifest.RemoteName == backup.RemoteName
        && manifest.ArchiveBytes == backup.SizeBytes
        && manifest.ArchiveModifiedAt.ToUnixTimeSeconds() == backup.ModifiedAt.ToUnixTimeSeconds();
}
