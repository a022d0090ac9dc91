using Perb.Scheduler.Store;
using Perb.Transfer.Keys;
using Perb.Transfer.Sealing;

namespace Perb.Scheduler.Pipeline;

/// <summary>One volume of the plan into a final-named, fsynced file in staging, and the record of it.</summary>
public sealed class SealVolume(
    PipelineStore store,
    VolumeSealer sealer,
    StagingArea staging,
    Activities activities,
    SealerSlots slots,
    IReadOnlyList<Recipient> recipients)
{
    public async Task<VolumeRecord> RunAsync(
        Claim claim, ReadyRemote remote, SealingPlan plan, int number, SourceArchive source, CancellationToken cancellationToken)
    {
        using var slot = await slots.EnterAsync(cancellationToken);
        staging.Delete(remote.Remote.Name, plan.VolumeName(number)); // sealed before, but not recorded: it must not take its own room
        using var room = staging.Reserve(remote.Remote.Name, plan.SealedBytesAtMost(number));
        var volume = await sealer.SealAsync(
            plan,
            number,
            source,
            recipients,
            staging.FolderOf(remote.Remote.Name),
            remote.Hash,
            activities.Begin(claim.Backup, "seal", number, plan.VolumeCount, plan.RangeOf(number).Length),
            cancellationToken);
        return await store.RecordSealedAsync(claim, volume);
    }
}
