using Perb.Scheduler.Backups;
using Perb.Scheduler.Monitoring;
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
    IReadOnlyList<Recipient> recipients,
    ShippingMetrics metrics,
    Crash crash)
{
    /// <summary>Room in staging for one volume; to be had before it is begun.</summary>
    /// <exception cref="StagingFullException">There is none now.</exception>
    public IDisposable ReserveRoom(Remote remote, SealingPlan plan, int number, bool isAhead)
    {
        staging.Delete(remote.Name, plan.VolumeName(number)); // sealed before, but not recorded: it must not take its own room
        return staging.Reserve(remote.Name, plan.SealedBytesAtMost(number), isAhead);
    }

    /// <param name="work">The backup and where it goes.</param>
    /// <param name="number">Which volume.</param>
    /// <param name="room">What was reserved; given back as soon as the file itself takes it.</param>
    /// <param name="cancellationToken">Leaves no file behind.</param>
    public async Task<VolumeRecord> RunAsync(VolumeWork work, int number, IDisposable room, CancellationToken cancellationToken)
    {
        using var slot = await slots.EnterAsync(cancellationToken);
        using var source = await work.Source.OpenAsync(cancellationToken);
        var step = activities.Begin(work.Claim.Backup, "seal", number, work.Plan.VolumeCount, work.Plan.RangeOf(number).Length);
        var volume = await sealer.SealAsync(
            work.Plan,
            number,
            source,
            recipients,
            staging.FolderOf(work.Remote.Remote.Name),
            work.Remote.Hash,
            step,
            cancellationToken);
        room.Dispose();
        metrics.Sealed(work.Remote.Remote.Name, volume.SizeBytes, step.Elapsed);
        crash.Reached(CrashPoint.VolumeSealed);
        var record = await store.RecordSealedAsync(work.Claim, volume);
        crash.Reached(CrashPoint.SealRecorded);
        return record;
    }
}
