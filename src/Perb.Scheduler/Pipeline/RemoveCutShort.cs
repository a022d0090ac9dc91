using Perb.Scheduler.Observability;
using Perb.Scheduler.Store;
using Perb.Transfer.Rclone;
using Perb.Transfer.Signing;

namespace Perb.Scheduler.Pipeline;

/// <summary>
/// What a kill -9 or a power cut left of this store's own manifest or of its signature: rclone before 1.63 writes under the final name.
/// Nobody can read it, and nothing is ever sent over a manifest; so both are removed, to be published again.
/// </summary>
public sealed class RemoveCutShort(PipelineStore store, RcloneProgram rclone, ILogger<RemoveCutShort> logger)
{
    /// <returns>What lies there afterwards.</returns>
    public async Task<RemoteObjects> RunAsync(Claim claim, Remote remote, RemoteObjects objects, CancellationToken cancellationToken)
    {
        if (!objects.HasManifest
            || await PlannedManifest.BytesAsync(store, claim.Backup, allVerified: true, cancellationToken) is not { } planned
            || !await IsCutShortAsync(remote, objects, planned, cancellationToken))
        {
            return objects;
        }

        // The manifest first: cut between the two, a signature alone is replaced, but a manifest alone would be taken over without one.
        string[] removed = objects.HasSignature ? [objects.ManifestName, objects.SignatureName] : [objects.ManifestName];
        foreach (var name in removed)
        {
            await rclone.DeleteFileAsync(remote.ObjectPath(name), cancellationToken);
        }

        logger.CutShortRemoved(objects.ManifestName, remote.Name);
        return objects with { Sizes = objects.Sizes.Where(one => !removed.Contains(one.Key)).ToDictionary() };
    }

    private async Task<bool> IsCutShortAsync(Remote remote, RemoteObjects objects, byte[] planned, CancellationToken cancellationToken)
    {
        if (objects.Sizes[objects.ManifestName] is var size && (size < 0 || size > planned.Length))
        {
            return false;
        }

        var manifest = await rclone.ReadAsync(remote.ObjectPath(objects.ManifestName), planned.Length, cancellationToken);
        return planned.AsSpan().StartsWith(manifest)
            && (manifest.Length < planned.Length || await IsSignatureCutShortAsync(remote, objects, cancellationToken));
    }

    // Whoever made it: one that cannot even be read proves nothing, and beside a good manifest it looks like a forgery.
    private async Task<bool> IsSignatureCutShortAsync(Remote remote, RemoteObjects objects, CancellationToken cancellationToken) =>
        objects.Sizes.GetValueOrDefault(objects.SignatureName, -1) is >= 0 and <= TrustedSigners.MaxSignatureBytes
        && !TrustedSigners.CanRead(await rclone.ReadAsync(
            remote.ObjectPath(objects.SignatureName), TrustedSigners.MaxSignatureBytes, cancellationToken));
}
