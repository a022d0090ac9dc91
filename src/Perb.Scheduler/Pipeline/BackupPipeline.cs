using Perb.Scheduler.Backups;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Store;
using Perb.Transfer.Sealing;

namespace Perb.Scheduler.Pipeline;

/// <summary>
/// THE MAIN FLOW: one archive to one remote. Every step leaves a fact that the next run can check, so that it may be cut anywhere and
/// begun again: discovered → (plan → each volume: seal → upload → verify) → verified → publish.
/// </summary>
public sealed class BackupPipeline(
    PipelineStore store,
    StagingArea staging,
    AdoptPublished adopt,
    PlanSealing planSealing,
    SealVolume seal,
    UploadVolume upload,
    VerifyObject verify,
    PublishManifest publish,
    ILogger<BackupPipeline> logger)
{
    /// <returns>How the copy was proven.</returns>
    public async Task<string> ShipAsync(Claim claim, ReadyRemote remote, CancellationToken cancellationToken)
    {
        if (await adopt.TryAsync(claim, remote, cancellationToken) is { } adopted)
        {
            return adopted;
        }

        var (plan, verified) = await CarryVolumesAsync(claim, remote, cancellationToken);
        await publish.RunAsync(verified, remote, plan, cancellationToken);
        return verified.Backup.VerifiedHow!;
    }

    private async Task<(SealingPlan Plan, Claim Verified)> CarryVolumesAsync(Claim claim, ReadyRemote remote, CancellationToken cancellationToken)
    {
        using var source = claim.Backup.State == BackupState.Discovered ? SourceArchive.Open(claim.Backup.Path) : null;
        var plan = await planSealing.RunAsync(claim, remote.Remote, source, cancellationToken);
        if (source is null)
        {
            return (plan, claim);
        }

        logger.SealingBegan(plan.RemoteName, remote.Remote.Name, plan.VolumeCount, ByteSize.Format(plan.ArchiveBytes));
        var known = (await store.LoadVolumesAsync(claim.Backup.Id, cancellationToken)).ToDictionary(volume => volume.Number);
        var weakest = "download";
        for (var number = 1; number <= plan.VolumeCount; number++)
        {
            var how = known.TryGetValue(number, out var volume) && volume.VerifiedAt is not null
                ? volume.VerifiedHow!
                : await CarryAsync(claim, remote, plan, number, volume, source, cancellationToken);
            weakest = VerifyLevels.Weaker(weakest, how);
        }

        return (plan, await store.RecordVerifiedAsync(claim, weakest));
    }

    private async Task<string> CarryAsync(
        Claim claim, ReadyRemote remote, SealingPlan plan, int number, VolumeRecord? volume, SourceArchive source, CancellationToken cancellationToken)
    {
        if (volume is null || !staging.Holds(remote.Remote.Name, volume))
        {
            volume = await seal.RunAsync(claim, remote, plan, number, source, cancellationToken);
        }

        await upload.RunAsync(claim, remote.Remote, plan, volume, cancellationToken);
        var how = await VerifyAsync(claim, remote, volume, cancellationToken);
        await store.RecordVerifiedAsync(claim, volume, how);
        staging.Delete(remote.Remote.Name, volume.Name);
        return how;
    }

    // What arrived is wrong, and who knows where it went wrong: the volume is sealed anew from the archive, not sent again from staging.
    private async Task<string> VerifyAsync(Claim claim, ReadyRemote remote, VolumeRecord volume, CancellationToken cancellationToken)
    {
        try
        {
            return await verify.RunAsync(remote, volume.Name, volume.SizeBytes, volume.Digests, cancellationToken);
        }
        catch (CopyMismatchException exception)
        {
            await store.ForgetVolumeAsync(claim, volume, exception.Message);
            staging.Delete(remote.Remote.Name, volume.Name);
            throw;
        }
    }
}
