using Perb.ProxmoxClient;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Discovery;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Pipeline;
using Perb.Scheduler.Store;
using Perb.Transfer.Keys;
using Perb.Transfer.Rclone;

namespace Perb.Scheduler;

/// <summary>
/// Proves before anything starts what only a person could mend later: rclone and its remotes, token, certificate, privileges, storages.
/// What may mend itself (a node or a remote that is away) stops nothing.
/// </summary>
public sealed class Preflight(
    PerbOptions options,
    ProxmoxApi api,
    RcloneProgram rclone,
    IReadOnlyList<Remote> remotes,
    IReadOnlyList<Recipient> recipients,
    StagingArea staging,
    PipelineStore store,
    TimeProvider time,
    ILogger<Preflight> logger)
{
    private static readonly TimeSpan ExpiryWarning = TimeSpan.FromDays(30);

    /// <exception cref="ConfigurationException">Something that only a change of configuration mends.</exception>
    /// <exception cref="ProxmoxException">The node does not answer now (transient); only thrown if <paramref name="nodeMustAnswer"/>.</exception>
    public async Task RunAsync(bool nodeMustAnswer, CancellationToken cancellationToken)
    {
        WarnOfExpiry();
        await CheckRcloneAsync(cancellationToken);
        try
        {
            await CheckNodeAsync(cancellationToken);
        }
        catch (ProxmoxException exception) when (exception.IsTransient && !nodeMustAnswer)
        {
            logger.TroubleBegan("proxmox", exception.Message);
        }
        catch (NotFoundException exception)
        {
            throw new ConfigurationException($"{exception.Message}; check Perb:Proxmox:Node ({options.Proxmox.Node})");
        }
        catch (ProxmoxException exception) when (!exception.IsTransient)
        {
            throw new ConfigurationException(exception.Message);
        }

        await TakeOverAsync(cancellationToken);
    }

    private void WarnOfExpiry()
    {
        foreach (var recipient in recipients)
        {
            if (recipient.ExpiresAt is { } expiresAt && expiresAt - time.GetUtcNow() < ExpiryWarning)
            {
                logger.RecipientExpires(recipient.File, recipient.UserId, expiresAt);
            }
        }
    }

    private async Task CheckRcloneAsync(CancellationToken cancellationToken)
    {
        try
        {
            await rclone.GetVersionAsync(cancellationToken);
            foreach (var remote in remotes)
            {
                await rclone.GetFeaturesAsync(remote.Path, cancellationToken);
            }
        }
        catch (RcloneException exception) when (exception is RcloneMissingException || exception.Kind == RcloneFailure.Configuration)
        {
            throw new ConfigurationException(exception.Message);
        }
        catch (RcloneException)
        {
            // The remote's worker meets the same fault, shows it and asks again.
        }
    }

    private async Task CheckNodeAsync(CancellationToken cancellationToken)
    {
        var privileges = TokenPrivileges.Of(await api.GetPermissionsAsync(cancellationToken), options.Proxmox.Node);
        if (!privileges.SeesStorages)
        {
            throw new ConfigurationException(
                $"{options.Proxmox.TokenId} may not see any storage (it lacks {string.Join(", ", privileges.Missing)}): {TokenPrivileges.Remedy(options.Proxmox.TokenId)}");
        }

        if (privileges.Blindness(options.Discovery) is { } blindness)
        {
            throw new ConfigurationException($"{blindness}: {TokenPrivileges.Remedy(options.Proxmox.TokenId)}");
        }

        var storages = (await api.GetNodeStoragesAsync(options.Proxmox.Node, null, cancellationToken)).Select(storage => storage.Storage).ToList();
        var unknown = options.Discovery.Storages.Except(storages).ToList();
        if (unknown.Count > 0)
        {
            throw new ConfigurationException(
                $"Perb:Discovery:Storages names {string.Join(", ", unknown)}, which node {options.Proxmox.Node} does not show to the token; it shows: {string.Join(", ", storages.Order())}");
        }
    }

    // The lock is ours, so every lease in the store is dead, and so should be whatever its holder left running.
    private async Task TakeOverAsync(CancellationToken cancellationToken)
    {
        foreach (var uploader in await store.UploadersAsync(cancellationToken))
        {
            if (ProcessIdentity.TryParse(uploader, out var process) && await rclone.EndSurvivorAsync(process, cancellationToken))
            {
                logger.SurvivorEnded(uploader);
            }
        }

        await store.VoidLeasesAsync(cancellationToken);
        try
        {
            staging.Open(await store.StagedNamesAsync(cancellationToken), remotes.Select(remote => remote.Name));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"Perb:Staging:Directory cannot be used: {exception.Message}");
        }
    }
}
