using Perb.Scheduler.Backups;
using Perb.Scheduler.Store;
using Perb.Transfer.Rclone;
using Perb.Transfer.Sealing;

namespace Perb.Scheduler.Pipeline;

/// <summary>One volume from the archive to the remote, proven; begins where its last recorded fact ends.</summary>
public sealed class CarryVolume(
    PipelineStore store, StagingArea staging, RcloneProgram rclone, SealVolume seal, UploadVolume upload, VerifyObject verify)
{
    public async Task<VerifyLevel> RunAsync(
        Claim claim,
        ReadyRemote remote,
        SealingPlan plan,
        int number,
        VolumeRecord? known,
        SourceAtNeed source,
        CancellationToken cancellationToken)
    {
        if (known is { UploadedAt: not null } && await WasSentWholeAsync(remote, known, cancellationToken) is { } proven)
        {
            return await FinishAsync(claim, remote, known, proven);
        }

        var volume = known is not null && staging.Holds(remote.Remote.Name, known)
            ? known
            : await seal.RunAsync(claim, remote, plan, number, source.Open(), cancellationToken);
        await upload.RunAsync(claim, remote.Remote, plan, volume, cancellationToken);
        return await FinishAsync(claim, remote, volume, await ProveAsync(claim, remote, volume, cancellationToken));
    }

    // Stopped between upload and proof. By size alone it could be the short or older file of another attempt.
    private async Task<VerifyLevel?> WasSentWholeAsync(ReadyRemote remote, VolumeRecord volume, CancellationToken cancellationToken)
    {
        try
        {
            var how = await verify.RunAsync(remote, volume.Name, volume.SizeBytes, volume.Digests, cancellationToken);
            return how > VerifyLevel.Size ? how : null;
        }
        catch (CopyMismatchException)
        {
            return null;
        }
    }

    // What arrived is wrong, and who knows where it went wrong: the volume is sealed anew from the archive, not sent again from staging.
    private async Task<VerifyLevel> ProveAsync(Claim claim, ReadyRemote remote, VolumeRecord volume, CancellationToken cancellationToken)
    {
        try
        {
            return await verify.RunAsync(remote, volume.Name, volume.SizeBytes, volume.Digests, cancellationToken);
        }
        catch (CopyMismatchException exception)
        {
            await store.ForgetVolumeAsync(claim, volume, exception.Message);
            staging.Delete(remote.Remote.Name, volume.Name);
            await rclone.DeleteFileAsync(remote.Remote.ObjectPath(volume.Name), cancellationToken);
            throw;
        }
    }

    private async Task<VerifyLevel> FinishAsync(Claim claim, ReadyRemote remote, VolumeRecord volume, VerifyLevel how)
    {
        await store.RecordVolumeVerifiedAsync(claim, volume, how);
        staging.Delete(remote.Remote.Name, volume.Name);
        return how;
    }
}
