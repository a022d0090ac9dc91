using Perb.Scheduler.Backups;
using Perb.Scheduler.Store;
using Perb.Transfer.Rclone;

namespace Perb.Scheduler.Pipeline;

/// <summary>
/// The node's signature goes right before the manifest: whoever sees a manifest can ask for its signature at once. Without the manifest it
/// says nothing, so that one which an earlier run left alone is replaced.
/// </summary>
public sealed class PublishSignature(LookAtRemote look, RcloneProgram rclone, PlaceObject place, ManifestSigning signing, TimeProvider time)
{
    /// <param name="claim">A backup whose volumes are all verified.</param>
    /// <param name="remote">Where they are.</param>
    /// <param name="manifest">The very bytes that are published next.</param>
    /// <param name="cancellationToken">Stops; the next run does it again.</param>
    /// <returns>Whether it is signed.</returns>
    /// <exception cref="NameConflictException">Somebody published under this name meanwhile.</exception>
    public async Task<bool> RunAsync(Claim claim, ReadyRemote remote, byte[] manifest, CancellationToken cancellationToken)
    {
        // Hours may lie between the first look and this one, and the signature of a published manifest is never replaced.
        var objects = await look.RunAsync(claim.Backup, remote.Remote, cancellationToken);
        if (objects.HasManifest)
        {
            throw new NameConflictException(
                $"{remote.Remote.ObjectPath(objects.ManifestName)} appeared while its volumes were sent: does another program use this path? "
                + "Nothing is sent over it; look at it, then retry");
        }

        if (signing.Key is { } key)
        {
            await place.RunAsync(claim, remote, objects.SignatureName, key.Sign(manifest, time.GetUtcNow()), cancellationToken);
        }
        else if (objects.HasSignature)
        {
            // Of a run that signed: beside a manifest that it was not made for it would say "forged".
            await rclone.DeleteFileAsync(remote.Remote.ObjectPath(objects.SignatureName), cancellationToken);
        }

        return signing.Key is not null;
    }
}
