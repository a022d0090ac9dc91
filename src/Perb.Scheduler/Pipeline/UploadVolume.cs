using Perb.Scheduler.Observability;
using Perb.Scheduler.Store;
using Perb.Transfer.Rclone;
using Perb.Transfer.Sealing;

namespace Perb.Scheduler.Pipeline;

/// <summary>A sealed volume to the remote, over whatever an earlier attempt left under its name.</summary>
public sealed class UploadVolume(
    PipelineStore store, RcloneProgram rclone, StagingArea staging, Activities activities, ILogger<UploadVolume> logger)
{
    public async Task RunAsync(Claim claim, Remote remote, SealingPlan plan, VolumeRecord volume, CancellationToken cancellationToken)
    {
        // An rclone that could not be ended may still be writing this very object.
        if (ProcessIdentity.TryParse(claim.Backup.Uploader, out var survivor) && await rclone.EndSurvivorAsync(survivor, cancellationToken))
        {
            logger.SurvivorEnded(survivor.ToString());
        }

        await rclone.CopyToAsync(
            staging.PathOf(remote.Name, volume.Name),
            remote.ObjectPath(volume.Name),
            remote.Limits,
            activities.Begin(claim.Backup, "upload", volume.Number, plan.VolumeCount, volume.SizeBytes),
            process => store.NoteUploaderAsync(claim, process.ToString()),
            cancellationToken);
        await store.RecordVolumeUploadedAsync(claim, volume);
    }
}
