using Perb.Scheduler.Backups;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Store;
using Perb.Transfer.Rclone;
using Perb.Transfer.Signing;

namespace Perb.Scheduler.Pipeline;

/// <summary>
/// Whether a manifest that lies on a remote may be believed. Volumes are encrypted to a public key, so that anyone who has that key and can
/// write there could have made them, and a manifest that fits.
/// </summary>
public sealed class TrustManifest(
    PipelineStore store, RcloneProgram rclone, ManifestSigning signing, TimeProvider time, ILogger<TrustManifest> logger)
{
    /// <exception cref="NameConflictException">No trusted signer made it, and this store has no record of it either.</exception>
    public async Task RequireAsync(
        Claim claim, Remote remote, RemoteObjects objects, byte[] manifest, CancellationToken cancellationToken)
    {
        // Perb died between sending the manifest and recording it. The same records make the same bytes, so it is the one that this store made,
        // signed or not: signing may have begun or ended in between. It names the hash of every volume, which are compared after this.
        if (signing.Trusted.IsEmpty || await PlannedManifest.IsAsync(store, claim.Backup, manifest, cancellationToken))
        {
            return;
        }

        var verdict = await VerifyAsync(remote, objects, manifest, cancellationToken);
        if (verdict.Signer is null)
        {
            throw new NameConflictException(
                $"{remote.ObjectPath(objects.ManifestName)} {verdict.WhyNot}: nothing is sent over it; sign it or move it away, then retry");
        }

        logger.SignatureTrusted(claim.Backup.RemoteName, remote.Name, verdict.Signer.ToString());
    }

    private async Task<SignatureVerdict> VerifyAsync(
        Remote remote, RemoteObjects objects, byte[] manifest, CancellationToken cancellationToken)
    {
        if (!objects.Sizes.TryGetValue(objects.SignatureName, out var size))
        {
            return new SignatureVerdict(null, "is not signed");
        }

        // By its size first: reading what is endless would be a fault of the remote, not of this backup.
        if (size > TrustedSigners.MaxSignatureBytes)
        {
            return new SignatureVerdict(null, $"is not signed: its signature has {size} bytes, more than any signature");
        }

        var signature = await rclone.ReadAsync(
            remote.ObjectPath(objects.SignatureName), TrustedSigners.MaxSignatureBytes, cancellationToken);
        return signing.Trusted.Verify(manifest, signature, time.GetUtcNow());
    }
}
