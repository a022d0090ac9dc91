using Perb.Scheduler.Observability;
using Perb.Scheduler.Store;
using Perb.Transfer.Rclone;

namespace Perb.Scheduler.Pipeline;

/// <summary>An rclone of an earlier attempt may still be writing an object: nothing is sent over that before it is gone.</summary>
public sealed class EndUploader(ClaimStore store, RcloneProgram rclone, ILogger<EndUploader> logger)
{
    /// <exception cref="RcloneException">It cannot be ended; it hangs in the kernel.</exception>
    public async Task RunAsync(Claim claim, string objectName, CancellationToken cancellationToken)
    {
        if (ProcessIdentity.TryParse(await store.UploaderOfAsync(claim, objectName, cancellationToken), out var survivor)
            && await rclone.EndSurvivorAsync(survivor, cancellationToken))
        {
            logger.SurvivorEnded(survivor.ToString());
        }
    }
}
