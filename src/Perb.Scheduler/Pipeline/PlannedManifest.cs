using System.Text;
using Perb.Scheduler.Backups;
using Perb.Scheduler.Store;
using Perb.Transfer.Manifests;
using Perb.Transfer.Sealing;

namespace Perb.Scheduler.Pipeline;

/// <summary>The manifest that this store's own records make: the same records always make the same bytes.</summary>
internal static class PlannedManifest
{
    public static Manifest Of(SealingPlan plan, IReadOnlyList<VolumeRecord> volumes) => new()
    {
        RemoteName = plan.RemoteName,
        ArchiveBytes = plan.ArchiveBytes,
        ArchiveModifiedAt = plan.ArchiveModifiedAt,
        VolumeBytes = plan.VolumeBytes,
        Volumes = [.. volumes.Select(volume => new ManifestVolume(volume.Name, volume.SizeBytes, volume.Digests))],
    };

    /// <summary>Whether this is it, to the byte: then it names what was made under the recorded plan, and nothing else.</summary>
    public static async Task<bool> IsAsync(PipelineStore store, Backup backup, byte[] manifest, CancellationToken cancellationToken) =>
        await BytesAsync(store, backup, allVerified: false, cancellationToken) is { } planned && manifest.AsSpan().SequenceEqual(planned);

    /// <summary>Its very bytes; null while not all volumes are on record.</summary>
    public static async Task<byte[]?> BytesAsync(PipelineStore store, Backup backup, bool allVerified, CancellationToken cancellationToken)
    {
        if (await store.LoadPlanAsync(backup, cancellationToken) is not { } plan)
        {
            return null;
        }

        var volumes = await store.LoadVolumesAsync(backup.Id, cancellationToken);
        return volumes.Count == plan.VolumeCount && (!allVerified || volumes.All(volume => volume.VerifiedAt is not null))
            ? Encoding.UTF8.GetBytes(Of(plan, volumes).Format())
            : null;
    }
}
