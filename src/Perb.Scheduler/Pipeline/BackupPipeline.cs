using Perb.Scheduler.Backups;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Discovery;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Store;
using Perb.Transfer.Sealing;

namespace Perb.Scheduler.Pipeline;

/// <summary>
/// THE MAIN FLOW: one archive to one remote. Every step leaves a fact that the next run checks against the world before it rests on it, so
/// that it may be cut anywhere and begun again: look → plan → volumes: seal, upload, verify → publish.
/// </summary>
public sealed class BackupPipeline(
    PipelineStore store,
    LookAtRemote look,
    RemoveDamaged removeDamaged,
    RemoveCutShort removeCutShort,
    AdoptPublished adopt,
    PlanSealing planSealing,
    CarryVolumes carry,
    PublishManifest publish,
    HeldArchives held,
    Crash crash,
    ILogger<BackupPipeline> logger)
{
    /// <returns>How the copy was proven.</returns>
    public async Task<VerifyLevel> ShipAsync(Claim claim, ReadyRemote remote, CancellationToken cancellationToken)
    {
        var objects = await look.RunAsync(claim.Backup, remote.Remote, cancellationToken);
        using var source = new SourceAtNeed(new ArchiveFile(claim.Backup.Path, claim.Backup.SizeBytes, claim.Backup.ModifiedAt), held);
        objects = await removeDamaged.RunAsync(claim, remote, objects, source, cancellationToken);
        objects = await removeCutShort.RunAsync(claim, remote.Remote, objects, cancellationToken);
        if (objects.HasManifest)
        {
            return await adopt.RunAsync(claim, remote, objects, cancellationToken);
        }

        var plan = await planSealing.RunAsync(claim, remote.Remote, objects, source, cancellationToken);
        claim = await ForgetWhatIsGoneAsync(claim, plan, objects, cancellationToken);
        logger.SealingBegan(plan.RemoteName, remote.Remote.Name, plan.VolumeCount, ByteSize.Format(plan.ArchiveBytes));
        var how = await carry.RunAsync(claim, remote, plan, source, cancellationToken);
        claim = claim.Backup.State == BackupState.Verified ? claim : await store.RecordAllVerifiedAsync(claim, how);
        crash.Reached(CrashPoint.AllVerified);
        await publish.RunAsync(claim, remote, plan, how, cancellationToken);
        return how;
    }

    private async Task<Claim> ForgetWhatIsGoneAsync(
        Claim claim, SealingPlan plan, RemoteObjects objects, CancellationToken cancellationToken)
    {
        var verified = (await store.LoadVolumesAsync(claim.Backup.Id, cancellationToken)).Where(volume => volume.VerifiedAt is not null).ToList();
        var gone = verified.Where(volume => !objects.Holds(volume)).ToList();

        // Also after a plan became void: then there are none.
        if (claim.Backup.State == BackupState.Verified && verified.Count - gone.Count < plan.VolumeCount)
        {
            claim = await store.RecordUnverifiedAsync(claim);
        }

        foreach (var volume in gone)
        {
            await store.ForgetVolumeAsync(claim, volume, "it was verified, but is not on the remote any more");
        }

        return claim;
    }
}
