using Perb.Transfer.Rclone;
using Perb.Transfer.Staging;

namespace Perb.Scheduler.Pipeline;

/// <summary>An object of a few KiB (manifest, owner file) by way of a whole, fsynced file in staging, like everything that is sent.</summary>
public sealed class UploadSmallObject(RcloneProgram rclone, StagingArea staging)
{
    public async Task RunAsync(Remote remote, string name, byte[] content, CancellationToken cancellationToken)
    {
        try
        {
            using (var file = StagedFile.Create(staging.FolderOf(remote.Name), name))
            {
                await file.WriteAsync(content, cancellationToken);
                await file.CommitAsync(content.Length, cancellationToken);
            }

            await rclone.CopyToAsync(
                staging.PathOf(remote.Name, name), remote.ObjectPath(name), remote.Limits, progress: null, started: null, cancellationToken);
        }
        finally
        {
            staging.Delete(remote.Name, name);
        }
    }
}
