using Perb.Scheduler.Store;
using Perb.Transfer.Rclone;
using Perb.Transfer.Sealing;

namespace Perb.Scheduler.Pipeline;

/// <summary>A sealed volume to the remote, over whatever an earlier attempt left under its name.</summary>
public sealed class UploadVolume(PipelineStore store, RcloneProgram rclone, StagingArea staging, Activities activities)
{
    public async Task RunAsync(Claim claim, Remote remote, SealingPlan plan, VolumeRecord volume, CancellationToken cancellationToken)
    {
        var step = activities.Begin(claim.Backup, "upload", volume.Number, plan.VolumeCount, volume.SizeBytes);
        await rclone.CopyToAsync(
            staging.PathOf(remote.Name, volume.Name),
            remote.ObjectPath(volume.Name),
            remote.Limits,
            step,
            process => store.NoteUploaderAsync(claim, process.ToString()),
            cancellationToken);
        await store.RecordUploadedAsync(claim, volume);
    }
}
