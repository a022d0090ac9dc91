using Perb.Transfer.Rclone;
using Perb.Transfer.Staging;

namespace Perb.Scheduler.Pipeline;

/// <summary>An object of a few KiB (manifest, signature, owner file) by way of a whole, fsynced file in staging, like everything that is sent.</summary>
public sealed class UploadSmallObject(RcloneProgram rclone, StagingArea staging)
{
    /// <param name="remote">Where to.</param>
    /// <param name="name">Of the object.</param>
    /// <param name="content">All of it.</param>
    /// <param name="started">Told which process sends it; null where sending it twice does no harm.</param>
    /// <param name="cancellationToken">Stops the upload.</param>
    public async Task RunAsync(
        Remote remote, string name, byte[] content, Func<ProcessIdentity, Task>? started, CancellationToken cancellationToken)
    {
        try
        {
            using (var file = StagedFile.Create(staging.FolderOf(remote.Name), name))
            {
                await file.WriteAsync(content, cancellationToken);
                await file.CommitAsync(content.Length, cancellationToken);
            }

            await rclone.CopyToAsync(
                staging.PathOf(remote.Name, name), remote.ObjectPath(name), remote.Limits, progress: null, started, cancellationToken);
        }
        finally
        {
            staging.Delete(remote.Name, name);
        }
    }
}
