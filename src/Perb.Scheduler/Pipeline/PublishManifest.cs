using System.Text;
using Perb.Scheduler.Backups;
using Perb.Scheduler.Store;
using Perb.Transfer.Sealing;

namespace Perb.Scheduler.Pipeline;

/// <summary>The manifest is the commit mark: it goes last, after its signature, and only with it is a backup a copy.</summary>
public sealed class PublishManifest(PipelineStore store, PublishSignature publishSignature, PlaceObject place, Crash crash)
{
    /// <param name="claim">A backup whose volumes are all verified.</param>
    /// <param name="remote">Where they are.</param>
    /// <param name="plan">What they were made from.</param>
    /// <param name="how">The proof of the weakest of them.</param>
    /// <param name="cancellationToken">Stops before the fact is recorded; the next run finds the manifest and takes it over.</param>
    public async Task RunAsync(Claim claim, ReadyRemote remote, SealingPlan plan, VerifyLevel how, CancellationToken cancellationToken)
    {
        var manifest = PlannedManifest.Of(plan, await store.LoadVolumesAsync(claim.Backup.Id, cancellationToken));
        var content = Encoding.UTF8.GetBytes(manifest.Format());
        var isSigned = await publishSignature.RunAsync(claim, remote, content, cancellationToken);
        crash.Reached(CrashPoint.SignaturePlaced);
        await place.RunAsync(claim, remote, manifest.FileName, content, cancellationToken);
        crash.Reached(CrashPoint.ManifestPlaced);
        await store.RecordPublishedAsync(claim, how, new PublishedManifest(content.Length, isSigned));
        crash.Reached(CrashPoint.PublishRecorded);
    }
}
