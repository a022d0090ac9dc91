using Perb.Scheduler.Backups;
using Perb.Scheduler.Monitoring;
using Perb.Scheduler.Store;
using Perb.Transfer.Rclone;
using Perb.Transfer.Sealing;

namespace Perb.Scheduler.Pipeline;

/// <summary>A sealed volume to the remote, over whatever an earlier attempt left under its name.</summary>
public sealed class UploadVolume(
    PipelineStore store,
    ClaimStore claims,
    RcloneProgram rclone,
    StagingArea staging,
    UploadLimits limits,
    EndUploader endUploader,
    Activities activities,
    ShippingMetrics metrics,
    Crash crash)
{
    public async Task RunAsync(Claim claim, Remote remote, SealingPlan plan, VolumeRecord volume, CancellationToken cancellationToken)
    {
        await endUploader.RunAsync(claim, volume.Name, cancellationToken);
        var step = activities.Begin(claim.Backup, "upload", volume.Number, plan.VolumeCount, volume.SizeBytes);
        await limits.SendAsync(
            remote,
            volume.SizeBytes,
            step,
            progress => rclone.CopyToAsync(
                staging.PathOf(remote.Name, volume.Name),
                remote.ObjectPath(volume.Name),
                remote.Limits,
                progress,
                process => NoteAsync(claim, volume, process),
                cancellationToken),
            cancellationToken);
        metrics.Uploaded(remote.Name, volume.SizeBytes, step.Elapsed);
        crash.Reached(CrashPoint.VolumeUploaded);
        await store.RecordVolumeUploadedAsync(claim, volume);
        crash.Reached(CrashPoint.UploadRecorded);
    }

    private async Task NoteAsync(Claim claim, VolumeRecord volume, ProcessIdentity process)
    {
        await claims.NoteUploaderAsync(claim, volume.Name, process.ToString());
        crash.Reached(CrashPoint.UploadStarted);
    }
}
