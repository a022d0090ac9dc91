using Perb.ProxmoxClient;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Discovery;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Pipeline;
using Perb.Transfer.Rclone;

namespace Perb.Scheduler;

/// <summary>
/// Proves before anything starts what only a person could mend later: rclone and its remotes, token, certificate, privileges, storages.
/// What may mend itself (a node or a remote that is away) stops nothing; nor does what the node refuses stop a service: a node whose cluster
/// file system is restarting answers 401 too, and one whose clock is wrong has certificates that are not valid yet. But a node that is not
/// known by the configured name does, and so does a token that may see too little: both are what the node answers, not refusals.
/// </summary>
public sealed class Preflight(
    PerbOptions options,
    ProxmoxApi api,
    RcloneProgram rclone,
    IReadOnlyList<Remote> remotes,
    KeyExpiry expiry,
    ManifestSigning signing,
    Troubles troubles,
    ILogger<Preflight> logger)
{
    private static readonly TimeSpan RemotePatience = TimeSpan.FromSeconds(10);

    /// <param name="nodeMustAnswer">False: what the node refuses, but for a wrong name of it, is trouble that is shown, told, and asked about again.</param>
    /// <param name="cancellationToken">Ends the asking.</param>
    /// <exception cref="ConfigurationException">Something that only a change of configuration mends.</exception>
    /// <exception cref="ProxmoxException">The node does not answer now (transient); only thrown if <paramref name="nodeMustAnswer"/>.</exception>
    public async Task RunAsync(bool nodeMustAnswer, CancellationToken cancellationToken)
    {
        await expiry.CheckAsync(cancellationToken);
        if (signing is { Key: null, Trusted.IsEmpty: false })
        {
            logger.OwnManifestsUnsigned();
        }

        await CheckRcloneAsync(cancellationToken);
        try
        {
            await CheckNodeAsync(cancellationToken);
        }
        catch (NotFoundException exception)
        {
            throw new ConfigurationException($"{exception.Message}; check Perb:Proxmox:Node ({options.Proxmox.Node})");
        }
        catch (ProxmoxException exception) when (!nodeMustAnswer)
        {
            await troubles.SetAsync(Troubles.Proxmox, exception.Message, cancellationToken, needsPerson: !exception.IsTransient);
        }
        catch (ProxmoxException exception) when (!exception.IsTransient)
        {
            throw new ConfigurationException(exception.Message);
        }
    }

    private async Task CheckRcloneAsync(CancellationToken cancellationToken)
    {
        try
        {
            await rclone.GetVersionAsync(cancellationToken);
            await Task.WhenAll(remotes.Select(remote => CheckRemoteAsync(remote, cancellationToken)));
        }
        catch (RcloneException exception) when (exception is RcloneMissingException || exception.Kind == RcloneFailure.Configuration)
        {
            throw new ConfigurationException(exception.Message);
        }
    }

    // Only what rclone knows without the remote is waited for: whatever else is wrong there its worker meets, shows, and asks again.
    private async Task CheckRemoteAsync(Remote remote, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(RemotePatience);
        try
        {
            await rclone.GetFeaturesAsync(remote.Path, patience.Token);
        }
        catch (RcloneException exception) when (exception.Kind != RcloneFailure.Configuration && exception is not RcloneMissingException)
        {
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
        }
    }

    private async Task CheckNodeAsync(CancellationToken cancellationToken)
    {
        var privileges = TokenPrivileges.Of(await api.GetPermissionsAsync(cancellationToken), options.Proxmox.Node, options.Discovery.Storages);
        if (!privileges.SeesStorages)
        {
            throw new ConfigurationException(
                $"{options.Proxmox.TokenId} may not see any storage (it lacks {RoleAdvice.Some(privileges.Missing)}): {privileges.Remedy(options.Proxmox.TokenId)}");
        }

        if (privileges.Blindness(options.Discovery) is { } blindness)
        {
            throw new ConfigurationException($"{blindness}: {privileges.Remedy(options.Proxmox.TokenId)}");
        }

        var storages = (await api.GetNodeStoragesAsync(options.Proxmox.Node, null, cancellationToken)).Select(storage => storage.Storage).ToList();
        var unknown = options.Discovery.Storages.Except(storages).ToList();
        if (unknown.Count > 0)
        {
            throw new ConfigurationException(
                $"Perb:Discovery:Storages names {string.Join(", ", unknown)}, which node {options.Proxmox.Node} does not show to the token; it shows: {string.Join(", ", storages.Order())}");
        }
    }
}
