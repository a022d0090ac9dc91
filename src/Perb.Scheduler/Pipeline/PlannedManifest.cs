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
}
