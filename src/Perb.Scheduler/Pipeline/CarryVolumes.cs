using Perb.Scheduler.Backups;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Store;
using Perb.Transfer.Sealing;

namespace Perb.Scheduler.Pipeline;

/// <summary>What is the same for all volumes of a backup that are carried in one run.</summary>
/// <param name="Traffic">Its upload slots are shared with the other backups for this remote.</param>
/// <param name="Turn">Of the backup among them.</param>
public sealed record VolumeWork(Claim Claim, ReadyRemote Remote, SealingPlan Plan, SourceAtNeed Source, RemoteTraffic Traffic, long Turn);

/// <summary>
/// All volumes of a backup, a few at a time: while one is uploaded the next are sealed. What must hold:
/// <list type="bullet">
/// <item>One is begun only when there is room for it in staging, and room is waited for only here, before it is begun. So whatever is under
/// way can end and free its room, of other backups for this remote too: nothing can wait in a circle.</item>
/// <item>What lies sealed in staging already goes first, since it only gives room back; the rest in the order of the numbers.</item>
/// <item>When one may not be sent now, none is begun any more; when one fails the others are stopped, and nothing runs on when this returns: the claim is about to be handed back.</item>
/// </list>
/// </summary>
public sealed class CarryVolumes(PipelineStore store, StagingArea staging, StagingSection options, IReadOnlyDictionary<string, RemoteTraffic> traffics, SealVolume seal, CarryVolume carry)
{
    /// <returns>The proof of the weakest volume.</returns>
    public async Task<VerifyLevel> RunAsync(
        Claim claim, ReadyRemote remote, SealingPlan plan, SourceAtNeed source, CancellationToken cancellationToken)
    {
        using var working = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var traffic = traffics[remote.Remote.Name];
        var work = new VolumeWork(claim, remote, plan, source, traffic, traffic.NextTurn());
        var known = (await store.LoadVolumesAsync(claim.Backup.Id, cancellationToken)).ToDictionary(volume => volume.Number);
        var underWay = new VolumesUnderWay(known.Values.Min(volume => volume.VerifiedHow) ?? VerifyLevel.Download);
        try
        {
            foreach (var number in InOrder(work, known))
            {
                var volume = known.GetValueOrDefault(number);
                var room = await RoomAsync(work, number, volume, underWay, cancellationToken);
                underWay.Add(CarryAsync(work, number, volume, room, working.Token));
                while (underWay.Count >= options.Sealers + traffic.Uploads)
                {
                    await underWay.OneEndsAsync();
                }
            }

            while (underWay.Count > 0)
            {
                await underWay.OneEndsAsync();
            }

            return underWay.Weakest;
        }
        catch (HeldBackException)
        {
            await underWay.AllEndAsync(); // what is being sent is sent to its end; what waits to be sent meets the limit itself
            throw;
        }
        finally
        {
            await working.CancelAsync();
            await underWay.AllEndAsync();
        }
    }

    // Null where its file is in staging already.
    private async Task<IDisposable?> RoomAsync(
        VolumeWork work, int number, VolumeRecord? volume, VolumesUnderWay underWay, CancellationToken cancellationToken)
    {
        var traffic = traffics[work.Remote.Remote.Name];
        while (volume is null || !staging.Holds(work.Remote.Remote.Name, volume))
        {
            var (nextEnd, all) = (traffic.NextEnd, traffic.Volumes);
            try
            {
                return seal.ReserveRoom(work.Remote.Remote, work.Plan, number, isAhead: all > 0);
            }
            catch (StagingFullException) when (underWay.Count > 0)
            {
                await underWay.OneEndsAsync();
            }
            catch (StagingFullException) when (all > 0 || traffic.Volumes > 0)
            {
                await nextEnd.WaitAsync(cancellationToken);
            }
        }

        return null;
    }

    private async Task<VerifyLevel> CarryAsync(
        VolumeWork work, int number, VolumeRecord? volume, IDisposable? room, CancellationToken cancellationToken)
    {
        using var counted = traffics[work.Remote.Remote.Name].Volume();
        return await carry.RunAsync(work, number, volume, room, cancellationToken);
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
