using Perb.Scheduler.Configuration;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Store;
using Perb.Transfer.Rclone;

namespace Perb.Scheduler.Pipeline;

/// <summary>
/// What the new holder of the state directory's lock does first: every lease in the store is dead, and so should be whatever its holder left
/// running or lying about.
/// </summary>
public sealed class TakeOver(
    ClaimStore claims,
    PipelineStore store,
    RcloneProgram rclone,
    StagingArea staging,
    IReadOnlyList<Remote> remotes,
    UnconfiguredRemotes unconfigured,
    Troubles troubles,
    ILogger<TakeOver> logger)
{
    /// <summary>Ends an rclone; a test has none that hangs.</summary>
    internal Func<ProcessIdentity, CancellationToken, Task<bool>> EndSurvivor { get; init; } = rclone.EndSurvivorAsync;

    /// <exception cref="ConfigurationException">The staging directory cannot be used, or can never hold anything.</exception>
    /// <exception cref="IOException">The disk is full or fails.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        foreach (var (remote, uploader) in await claims.UploadersAsync(cancellationToken))
        {
            await EndAsync(remote, uploader, cancellationToken);
        }

        await claims.VoidLeasesAsync(cancellationToken);
        await unconfigured.CheckAsync(cancellationToken);
        var belonging = await store.StagedNamesAsync(cancellationToken);
        try
        {
            staging.Create();
            foreach (var remote in remotes)
            {
                staging.Sweep(remote.Name, belonging);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException && !DiskFault.Passes(exception))
        {
            throw new ConfigurationException($"Perb:Staging:Directory cannot be used: {exception.Message}");
        }

        staging.RequireRoom();
    }

    // One that hangs in the kernel keeps its own object from being sent again (EndUploader), and nothing else from being done.
    private async Task EndAsync(string remote, string uploader, CancellationToken cancellationToken)
    {
        try
        {
            if (ProcessIdentity.TryParse(uploader, out var process) && await EndSurvivor(process, cancellationToken))
            {
                logger.SurvivorEnded(uploader);
            }
        }
        catch (RcloneException exception)
        {
            await troubles.SetAsync(Troubles.OfRemote(remote), exception.Message, cancellationToken);
        }
    }
}
