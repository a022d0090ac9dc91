using Perb.Scheduler.Backups;
using Perb.Scheduler.Remotes;
using Perb.Scheduler.Store;
using Perb.Transfer.Manifests;
using Perb.Transfer.Rclone;

namespace Perb.Scheduler.Pipeline;

/// <summary>What lies on a remote under the name of one backup: object name to size.</summary>
public sealed record RemoteObjects(string ManifestName, IReadOnlyDictionary<string, long> Sizes)
{
    /// <summary>Then the name is taken for good: a manifest is never uploaded over.</summary>
    public bool HasManifest => Sizes.ContainsKey(ManifestName);

    public string SignatureName => ManifestName + Manifest.SignatureSuffix;

    public bool HasSignature => Sizes.ContainsKey(SignatureName);

    /// <summary>As a set of files whose manifest can be read.</summary>
    public RemoteSet SetOf(Backup backup) =>
        new(backup.RemoteName, backup.Guest, RemoteFileName.TryParseBackup(backup.RemoteName, out _, out var time) ? time : default, Sizes);

    public bool Holds(VolumeRecord volume) => Sizes.TryGetValue(volume.Name, out var size) && size == volume.SizeBytes;
}

/// <summary>
/// One look at the remote before anything is done to it. What was recorded earlier may no longer be so (a disk that is not mounted, an
/// account that was changed, objects that were deleted), and publishing what is not there is the worst that Perb could do.
/// </summary>
public sealed class LookAtRemote(RcloneProgram rclone)
{
    /// <exception cref="RemoteVanishedException">Not even the owner file is there.</exception>
    /// <exception cref="NameConflictException">Several files have one name.</exception>
    public async Task<RemoteObjects> RunAsync(Backup backup, Remote remote, CancellationToken cancellationToken)
    {
        var listing = RemoteListing.Of(await rclone.ListAsync(remote.Path, [backup.RemoteName + ".", RemoteGate.OwnerFile], cancellationToken));
        if (!listing.Sizes.ContainsKey(RemoteGate.OwnerFile))
        {
            throw new RemoteVanishedException(
                $"{remote.ObjectPath(RemoteGate.OwnerFile)} is not there any more: is the remote mounted, is it the right account?");
        }

        return listing.Twice.FirstOrDefault() is { } twice
            ? throw new NameConflictException(
                $"{remote.ObjectPath(twice)} is there twice, and nobody can tell which of them is read: remove one (rclone dedupe {remote.Path}), then retry")
            : new RemoteObjects(
                backup.RemoteName + Manifest.FileSuffix, listing.Sizes.Where(file => file.Key != RemoteGate.OwnerFile).ToDictionary());
    }
}
