using System.Security.Cryptography;
using Perb.Scheduler.Backups;
using Perb.Scheduler.Remotes;
using Perb.Scheduler.Store;
using Perb.Transfer.Manifests;

namespace Perb.Scheduler.Pipeline;

/// <summary>
/// Whether the manifest that lies on a remote is the one on record: to the byte where this store's own records make it, else in all that it says
/// of archive and volumes; and whether its signature lies beside it, if it was published with one and signatures are asked for.
/// </summary>
public sealed class CheckManifest(PipelineStore store)
{
    /// <returns>Null: it is. Else what is wrong, in one line.</returns>
    public async Task<string?> FaultOfAsync(Backup backup, RemoteBackup found, CancellationToken cancellationToken) =>
        found.Fault is { } fault ? $"{found.Set.ManifestName} {fault}"
        : found.Read is not { } read ? $"{found.Set.ManifestName} is missing"
        : !await IsRecordedAsync(backup, read, cancellationToken) ? $"{found.Set.ManifestName} is not the one on record"
        : backup.IsSigned && !read.IsTrusted ? $"{found.Set.ManifestName} {read.Verdict!.WhyNot}"
        : null;

    /// <summary>These very bytes are what this store's own records make, whoever signed them.</summary>
    public async Task<bool?> IsOwnAsync(Backup backup, ReadManifest read, CancellationToken cancellationToken) =>
        await PlannedManifest.BytesAsync(store, backup, allVerified: false, cancellationToken) is { } planned
            ? Convert.ToHexStringLower(SHA256.HashData(planned)) == read.Sha256
            : null;

    /// <summary>It speaks of this archive. The manifest has whole seconds.</summary>
    public static bool IsOf(Manifest manifest, Backup backup) =>
        manifest.RemoteName == backup.RemoteName
        && manifest.ArchiveBytes == backup.SizeBytes
        && manifest.ArchiveModifiedAt.ToUnixTimeSeconds() == backup.ModifiedAt.ToUnixTimeSeconds();

    private async Task<bool> IsRecordedAsync(Backup backup, ReadManifest read, CancellationToken cancellationToken) =>
        await IsOwnAsync(backup, read, cancellationToken)
        ?? (IsOf(read.Manifest, backup)
            && (await store.LoadVolumesAsync(backup.Id, cancellationToken))
                .Select(volume => (volume.Name, volume.SizeBytes, volume.Digests.Sha256))
                .SequenceEqual(read.Manifest.Volumes.Select(volume => (volume.Name, volume.SizeBytes, volume.Digests.Sha256))));
}
