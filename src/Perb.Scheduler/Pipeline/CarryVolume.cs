using Perb.Scheduler.Backups;
using Perb.Scheduler.Store;
using Perb.Transfer.Rclone;

namespace Perb.Scheduler.Pipeline;

/// <summary>One volume from the archive to the remote, proven; begins where its last recorded fact ends.</summary>
public sealed class CarryVolume(
    PipelineStore store,
    StagingArea staging,
    RcloneProgram rclone,
    SealVolume seal,
    UploadVolume upload,
    VerifyObject verify,
    Activities activities,
    Crash crash)
{
    /// <param name="work">The backup and where it goes.</param>
    /// <param name="number">Which volume.</param>
    /// <param name="known">What is recorded of it.</param>
    /// <param name="room">In staging, for a volume that may have to be sealed; null where its file is there.</param>
    /// <param name="cancellationToken">Leaves the last recorded fact to begin from.</param>
    public async Task<VerifyLevel> RunAsync(
        VolumeWork work, int number, VolumeRecord? known, IDisposable? room, CancellationToken cancellationToken)
    {
        using (room)
        {
            try
            {
                return await CarryAsync(work, number, known, room, cancellationToken);
            }
            finally
            {
                activities.Ended(work.Claim.Backup, number);
            }
        }
    }

    private async Task<VerifyLevel> CarryAsync(
        VolumeWork work, int number, VolumeRecord? known, IDisposable? room, CancellationToken cancellationToken)
    {
        if (known is { UploadedAt: not null } && await WasSentWholeAsync(work.Remote, known, cancellationToken) is { } proven)
        {
            return await FinishAsync(work, known, proven);
        }

        var volume = room is null ? known! : await seal.RunAsync(work, number, room, cancellationToken);
        using var slot = await work.Traffic.SlotAsync(work.Turn, cancellationToken);
        try
        {
            work.Remote.ThrowIfRefused();
            await upload.RunAsync(work.Claim, work.Remote.Remote, work.Plan, volume, cancellationToken);

            // Proven before the next is sent: what was sent and cannot be proven after a crash is sent again.
            var how = await FinishAsync(work, volume, await ProveAsync(work.Claim, work.Remote, volume, cancellationToken));
            await work.Remote.Took();
            return how;
        }
        catch (Exception exception) when (Failure.From(exception) is { IsOfRemote: true } refusal)
        {
            work.Remote.Refuse(refusal); // before the next one gets the slot
            throw;
        }
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

    private async Task<VerifyLevel> FinishAsync(VolumeWork work, VolumeRecord volume, VerifyLevel how)
    {
        crash.Reached(CrashPoint.VolumeProven);
        await store.RecordVolumeVerifiedAsync(work.Claim, volume, how);
        crash.Reached(CrashPoint.ProofRecorded);
        staging.Delete(work.Remote.Remote.Name, volume.Name);
        return how;
    }
}
