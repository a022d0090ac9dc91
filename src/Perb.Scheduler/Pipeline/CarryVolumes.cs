using Perb.Scheduler.Backups;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Store;
using Perb.Transfer.Sealing;

namespace Perb.Scheduler.Pipeline;

/// <summary>What is the same for all volumes of a backup that are carried in one run.</summary>
/// <param name="Uploading">Held while a volume is sent and proven.</param>
public sealed record VolumeWork(Claim Claim, ReadyRemote Remote, SealingPlan Plan, SourceAtNeed Source, SemaphoreSlim Uploading);

/// <summary>
/// All volumes of a backup, a few at a time: while one is uploaded the next are sealed. What must hold:
/// <list type="bullet">
/// <item>One is begun only when there is room for it in staging, and room is waited for only here, before it is begun. So whatever is under
/// way can end and free its room: nothing can wait in a circle.</item>
/// <item>What lies sealed in staging already goes first, since it only gives room back; the rest in the order of the numbers.</item>
/// <item>When one fails the others are stopped, and nothing runs on when this returns: the claim is about to be handed back.</item>
/// </list>
/// </summary>
public sealed class CarryVolumes(PipelineStore store, StagingArea staging, StagingSection options, SealVolume seal, CarryVolume carry)
{
    private const int Uploads = 1;

    /// <returns>The proof of the weakest volume.</returns>
    public async Task<VerifyLevel> RunAsync(
        Claim claim, ReadyRemote remote, SealingPlan plan, SourceAtNeed source, CancellationToken cancellationToken)
    {
        using var working = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var uploading = new SemaphoreSlim(Uploads);
        var work = new VolumeWork(claim, remote, plan, source, uploading);
        var known = (await store.LoadVolumesAsync(claim.Backup.Id, cancellationToken)).ToDictionary(volume => volume.Number);
        var weakest = known.Values.Min(volume => volume.VerifiedHow) ?? VerifyLevel.Download;
        var underWay = new List<Task<VerifyLevel>>();
        try
        {
            foreach (var number in InOrder(work, known))
            {
                var volume = known.GetValueOrDefault(number);
                var room = await RoomAsync(number, volume);
                underWay.Add(carry.RunAsync(work, number, volume, room, working.Token));
                while (underWay.Count >= options.Sealers + Uploads)
                {
                    await OneEndsAsync();
                }
            }

            while (underWay.Count > 0)
            {
                await OneEndsAsync();
            }

            return weakest;
        }
        finally
        {
            await working.CancelAsync();
            await ((Task)Task.WhenAll(underWay)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        async Task<IDisposable?> RoomAsync(int number, VolumeRecord? volume)
        {
            while (volume is null || !staging.Holds(remote.Remote.Name, volume))
            {
                try
                {
                    return seal.ReserveRoom(remote.Remote, plan, number);
                }
                catch (StagingFullException) when (underWay.Count > 0)
                {
                    await OneEndsAsync();
                }
            }

            return null;
        }

        async Task OneEndsAsync()
        {
            var ended = await Task.WhenAny(underWay);
            underWay.Remove(ended);
            var how = await ended;
            weakest = how < weakest ? how : weakest;
        }
    }

    // Numbers, not tasks: a backup may have tens of thousands of volumes.
    private IEnumerable<int> InOrder(VolumeWork work, Dictionary<int, VolumeRecord> known)
    {
        var open = known.Values.Where(volume => volume.VerifiedAt is null).ToList();
        var staged = open.Where(volume => staging.Holds(work.Remote.Remote.Name, volume)).Select(volume => volume.Number).Order().ToList();
        var others = Enumerable.Range(1, work.Plan.VolumeCount)
            .Where(number => known.GetValueOrDefault(number)?.VerifiedAt is null)
            .Except(staged);
        return staged.Concat(others);
    }
}
