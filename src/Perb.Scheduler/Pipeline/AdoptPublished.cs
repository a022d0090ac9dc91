using Perb.Scheduler.Backups;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Remotes;
using Perb.Scheduler.Store;
using Perb.Transfer.Manifests;

namespace Perb.Scheduler.Pipeline;

/// <summary>
/// A remote name that has a manifest is immutable. Where an archive is published already (the store was lost, the archive copied, perb died
/// before it could record it), the copy is taken over after every volume was proven, or it ends as a name conflict; nothing is sent over it.
/// </summary>
public sealed class AdoptPublished(
    PipelineStore store, ReadRemote remotes, CheckManifest check, VerifyObject verify, ILogger<AdoptPublished> logger)
{
    /// <returns>How the copy was proven.</returns>
    /// <exception cref="NameConflictException">As with <see cref="ProveAsync"/>.</exception>
    public async Task<VerifyLevel> RunAsync(Claim claim, ReadyRemote remote, RemoteObjects objects, CancellationToken cancellationToken)
    {
        var proven = await ProveAsync(claim.Backup, remote, objects, cancellationToken);
        var (read, signer) = (proven.Read, proven.Read.Verdict?.Signer);
        if (signer is not null)
        {
            logger.SignatureTrusted(claim.Backup.RemoteName, remote.Remote.Name, signer.ToString());
        }

        await store.RecordAdoptedAsync(
            claim, read.Manifest.Volumes, proven.How, new PublishedManifest(read.SizeBytes, signer is not null), keepsPlan: proven.IsOwn);
        logger.BackupAdopted(claim.Backup.RemoteName, remote.Remote.Name);
        return proven.How;
    }

    /// <summary>Reads the manifest, and proves every volume; changes nothing.</summary>
    /// <exception cref="NameConflictException">
    /// The manifest is nobody's whom we trust, or speaks of another archive, or of volumes that are not there.
    /// </exception>
    public async Task<(ReadManifest Read, bool IsOwn, VerifyLevel How)> ProveAsync(
        Backup backup, ReadyRemote remote, RemoteObjects objects, CancellationToken cancellationToken)
    {
        var path = remote.Remote.ObjectPath(objects.ManifestName);
        var found = await remotes.ReadOneAsync(remote.Remote.Path, objects.SetOf(backup), cancellationToken);
        var read = found.Read ?? throw new NameConflictException($"{path} {found.Fault}: nothing is sent over it; look at it, then retry");

        // Volumes are encrypted to a public key, so that anyone who has that key and can write there could have made them, and a manifest that
        // fits. What this store's own records make is its own, signed or not: perb died before it recorded it, and signing may have begun since.
        var isOwn = await check.IsOwnAsync(backup, read, cancellationToken) == true;
        if (!isOwn && !read.IsTrusted)
        {
            throw new NameConflictException($"{path} {read.Verdict!.WhyNot}: nothing is sent over it; sign it or move it away, then retry");
        }

        if (!CheckManifest.IsOf(read.Manifest, backup))
        {
            throw new NameConflictException(
                $"{path} was published for another archive ({read.Manifest.RemoteName}, {read.Manifest.ArchiveBytes} bytes of {read.Manifest.ArchiveModifiedAt:u}): "
                + $"{backup.Archive} cannot be shipped under its name; move the old copy away on the remote, then retry");
        }

        return (read, isOwn, await ProveVolumesAsync(remote, read.Manifest, path.ToString(), cancellationToken));
    }

    private async Task<VerifyLevel> ProveVolumesAsync(ReadyRemote remote, Manifest manifest, string path, CancellationToken cancellationToken)
    {
        var weakest = VerifyLevel.Download;
        try
        {
            foreach (var volume in manifest.Volumes)
            {
                var how = await verify.RunAsync(
                    remote, volume.Name, volume.SizeBytes, volume.Digests, cancellationToken, wasSentByUs: false);
                weakest = how < weakest ? how : weakest;
            }
        }
        catch (CopyMismatchException exception)
        {
            throw new NameConflictException(
                $"{path} was published before, but {exception.Message}: that copy is damaged; move it away on the remote, then retry");
        }

        return weakest;
    }
}
