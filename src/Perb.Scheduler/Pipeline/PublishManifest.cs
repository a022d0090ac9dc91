using System.Text;
using Perb.Scheduler.Backups;
using Perb.Scheduler.Store;
using Perb.Transfer.Hashing;
using Perb.Transfer.Manifests;
using Perb.Transfer.Rclone;
using Perb.Transfer.Sealing;

namespace Perb.Scheduler.Pipeline;

/// <summary>The manifest is the commit mark: it goes last, and only with it is a backup a copy.</summary>
public sealed class PublishManifest(PipelineStore store, RcloneProgram rclone, UploadSmallObject upload, VerifyObject verify)
{
    /// <param name="claim">A backup whose volumes are all verified.</param>
    /// <param name="remote">Where they are.</param>
    /// <param name="plan">What they were made from.</param>
    /// <param name="how">The proof of the weakest of them.</param>
    /// <param name="cancellationToken">Stops before the fact is recorded; the next run finds the manifest and takes it over.</param>
    public async Task RunAsync(Claim claim, ReadyRemote remote, SealingPlan plan, VerifyLevel how, CancellationToken cancellationToken)
    {
        var volumes = await store.LoadVolumesAsync(claim.Backup.Id, cancellationToken);
        var manifest = new Manifest
        {
            RemoteName = plan.RemoteName,
            ArchiveBytes = plan.ArchiveBytes,
            ArchiveModifiedAt = plan.ArchiveModifiedAt,
            VolumeBytes = plan.VolumeBytes,
            Volumes = [.. volumes.Select(volume => new ManifestVolume(volume.Name, volume.SizeBytes, volume.Digests))],
        };
        var content = Encoding.UTF8.GetBytes(manifest.Format());
        await upload.RunAsync(remote.Remote, manifest.FileName, content, cancellationToken);
        await ProveAsync(remote, manifest.FileName, content, cancellationToken);
        await store.RecordPublishedAsync(claim, how);
    }

    // Left there, the next run would find a manifest that it can neither read nor send anew.
    private async Task ProveAsync(ReadyRemote remote, string name, byte[] content, CancellationToken cancellationToken)
    {
        try
        {
            await verify.RunAsync(remote, name, content.Length, Digests.Of(content, remote.Hash), cancellationToken);
        }
        catch (CopyMismatchException)
        {
            await rclone.DeleteFileAsync(remote.Remote.ObjectPath(name), cancellationToken);
            throw;
        }
    }
}
