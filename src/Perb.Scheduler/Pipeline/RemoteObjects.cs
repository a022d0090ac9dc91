using Perb.Scheduler.Backups;
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

    public bool Holds(VolumeRecord volume) => Sizes.TryGetValue(volume.Name, out var size) && size == volume.SizeBytes;
}

/// <summary>
/// One look at the remote before anything is done to it. What was recorded earlier may no longer be so (a disk that is not mounted, an
/// account that was changed, objects that were deleted), and publishing what is not there is the worst that Perb could do.
/// </summary>
public sealed class LookAtRemote(RcloneProgram rclone)
{
    /// <exception cref="RemoteVanishedException">Not even the owner file is there.</exception>
    public async Task<RemoteObjects> RunAsync(Backup backup, Remote remote, CancellationToken cancellationToken)
    {
        var files = await rclone.ListAsync(remote.Path, [backup.RemoteName + ".", RemoteGate.OwnerFile], cancellationToken);
        return files.Any(file => file.Name == RemoteGate.OwnerFile)
            ? new RemoteObjects(
                backup.RemoteName + Manifest.FileSuffix,
                files.Where(file => file.Name != RemoteGate.OwnerFile).ToDictionary(file => file.Name, file => file.SizeBytes))
            : throw new RemoteVanishedException(
                $"{remote.ObjectPath(RemoteGate.OwnerFile)} is not there any more: is the remote mounted, is it the right account?");
    }
}
