using System.Text;
using Perb.Scheduler.Store;
using Perb.Transfer.Hashing;
using Perb.Transfer.Manifests;
using Perb.Transfer.Rclone;
using Perb.Transfer.Sealing;
using Perb.Transfer.Staging;

namespace Perb.Scheduler.Pipeline;

/// <summary>The manifest is the commit mark: it goes last, and only with it is a backup a copy.</summary>
public sealed class PublishManifest(PipelineStore store, RcloneProgram rclone, StagingArea staging, VerifyObject verify)
{
    public async Task RunAsync(Claim claim, ReadyRemote remote, SealingPlan plan, CancellationToken cancellationToken)
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
        await SendAsync(remote, manifest.FileName, content, cancellationToken);
        await verify.RunAsync(remote, manifest.FileName, content.Length, Digests.Of(content, remote.Hash), cancellationToken);
        await store.RecordPublishedAsync(claim, claim.Backup.VerifiedHow!);
    }

    private async Task SendAsync(ReadyRemote remote, string name, byte[] content, CancellationToken cancellationToken)
    {
        using (var file = StagedFile.Create(staging.FolderOf(remote.Remote.Name), name))
        {
            await file.WriteAsync(content, cancellationToken);
            await file.CommitAsync(content.Length, cancellationToken);
        }

        await rclone.CopyToAsync(
            staging.PathOf(remote.Remote.Name, name), remote.Remote.ObjectPath(name), remote.Remote.Limits, null, null, cancellationToken);
        staging.Delete(remote.Remote.Name, name);
    }
}
