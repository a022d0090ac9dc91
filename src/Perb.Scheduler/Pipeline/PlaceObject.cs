using Perb.Scheduler.Backups;
using Perb.Scheduler.Store;
using Perb.Transfer.Hashing;
using Perb.Transfer.Rclone;

namespace Perb.Scheduler.Pipeline;

/// <summary>An object of a few KiB that makes a backup a copy (signature, manifest): sent, proven, and removed again where it arrived wrong.</summary>
public sealed class PlaceObject(ClaimStore store, RcloneProgram rclone, EndUploader endUploader, UploadSmallObject upload, VerifyObject verify)
{
    /// <exception cref="CopyMismatchException">The remote had something else, or nothing.</exception>
    public async Task RunAsync(Claim claim, ReadyRemote remote, string name, byte[] content, CancellationToken cancellationToken)
    {
        await endUploader.RunAsync(claim, name, cancellationToken);
        await upload.RunAsync(remote.Remote, name, content, process => store.NoteUploaderAsync(claim, name, process.ToString()), cancellationToken);
        try
        {
            await verify.RunAsync(remote, name, content.Length, Digests.Of(content, remote.Hash), cancellationToken);
        }
        catch (CopyMismatchException)
        {
            // Left there, the next run would find what it can neither read nor send anew.
            await rclone.DeleteFileAsync(remote.Remote.ObjectPath(name), cancellationToken);
            throw;
        }
    }
}
