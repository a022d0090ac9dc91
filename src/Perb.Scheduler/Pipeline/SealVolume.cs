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
        using var room = staging.Reserve(plan.SealedBytesAtMost(number));
        var sealedVolume = await sealer.SealAsync(
            plan,
            number,
            source,
            recipients,
            staging.FolderOf(remote.Remote.Name),
            remote.Hash,
            activities.Begin(claim.Backup, "seal", number, plan.VolumeCount, plan.RangeOf(number).Length),
            cancellationToken);
        await store.RecordSealedAsync(claim, sealedVolume);
        return (await store.LoadVolumesAsync(claim.Backup.Id, CancellationToken.None)).Single(volume => volume.Number == number);
    }
}

/// <summary>How many volumes are sealed at once on this node, whatever the number of remotes (<c>Staging:Sealers</c>).</summary>
public sealed class SealerSlots(int count) : IDisposable
{
    private readonly SemaphoreSlim _free = new(count);

    public async Task<IDisposable> EnterAsync(CancellationToken cancellationToken)
    {
        await _free.WaitAsync(cancellationToken);
        return new Slot(_free);
    }

    public void Dispose() => _free.Dispose();

    private sealed class Slot(SemaphoreSlim free) : IDisposable
    {
        public void Dispose() => free.Release();
    }
}
