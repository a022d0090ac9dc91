using System.Text.Json;
using Perb.Scheduler.Backups;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Store;
using Perb.Transfer;
using Perb.Transfer.Hashing;
using Perb.Transfer.Rclone;

namespace Perb.Scheduler.Pipeline;

/// <summary>
/// Opens a remote for this installation: it answers, says which hashes it knows, and its path is ours (<c>perb.json</c>). A path that
/// belongs to another installation is refused, since both would prune and overwrite each other's backups.
/// </summary>
public sealed class RemoteGate(
    RcloneProgram rclone, StateDirectory state, UploadSmallObject upload, StatusStore store, ILogger<RemoteGate> logger)
{
    public const string OwnerFile = "perb.json";

    private const int MaxOwnerFileBytes = 4096;

    /// <exception cref="RcloneException">The remote does not answer, or is not configured in rclone.</exception>
    /// <exception cref="ConfigurationException">The path belongs to somebody else.</exception>
    public async Task<ReadyRemote> OpenAsync(Remote remote, CancellationToken cancellationToken)
    {
        var features = await rclone.GetFeaturesAsync(remote.Path, cancellationToken);
        var hash = remote.Verify == VerifyLevel.Size ? null : features.BestHash;
        await ClaimPathAsync(remote, cancellationToken);
        if (remote.Verify == VerifyLevel.Hash && hash is null)
        {
            logger.RemoteHasNoHash(remote.Name);
        }

        var proof = remote.Verify == VerifyLevel.Download ? "download" : hash is { } kind ? kind.RcloneName() : "size";
        logger.RemoteReady(remote.Name, remote.Path.ToString(), proof);
        return new ReadyRemote(remote, hash) { LocalRoot = features.LocalRoot };
    }

    /// <inheritdoc cref="RequireOwnAsync(RcloneProgram, Remote, string?, CancellationToken)"/>
    public Task RequireOwnAsync(Remote remote, CancellationToken cancellationToken) =>
        RequireOwnAsync(rclone, remote, state.InstallationId, cancellationToken);

    /// <summary>The path is this installation's already; nothing is written.</summary>
    /// <exception cref="RcloneException">The remote does not answer.</exception>
    /// <exception cref="ConfigurationException">It belongs to somebody else, or to nobody.</exception>
    public static async Task RequireOwnAsync(RcloneProgram rclone, Remote remote, string? installation, CancellationToken cancellationToken)
    {
        if (await rclone.StatAsync(remote.ObjectPath(OwnerFile), null, cancellationToken) is null)
        {
            throw new ConfigurationException($"{remote.ObjectPath(OwnerFile)} is not there: is the remote mounted, is it the right path? Nothing is touched");
        }

        await RequireOursAsync(rclone, remote, installation, cancellationToken);
    }

    /// <summary>Marks the path as this installation's, whoever marked it before: a person says so.</summary>
    /// <exception cref="RcloneException">The remote does not answer.</exception>
    public async Task AdoptAsync(Remote remote, CancellationToken cancellationToken)
    {
        await MarkAsync(remote, cancellationToken);
        await RequireOursAsync(rclone, remote, state.InstallationId, cancellationToken);
    }

    private Task MarkAsync(Remote remote, CancellationToken cancellationToken)
    {
        var owner = JsonSerializer.SerializeToUtf8Bytes(new PathOwner(1, state.InstallationId), OwnerJson.Default.PathOwner);
        return upload.RunAsync(remote, OwnerFile, owner, started: null, cancellationToken);
    }

    private async Task ClaimPathAsync(Remote remote, CancellationToken cancellationToken)
    {
        var wasMarked = await store.MarkedPathAsync(remote.Name, cancellationToken) == remote.Path.ToString();
        if (await rclone.StatAsync(remote.ObjectPath(OwnerFile), null, cancellationToken) is null)
        {
            await RequireUnusedAsync(remote, wasMarked, cancellationToken);
            await MarkAsync(remote, cancellationToken);
        }

        await RequireOursAsync(rclone, remote, state.InstallationId, cancellationToken);
        if (!wasMarked)
        {
            await store.NoteMarkedPathAsync(remote.Name, remote.Path.ToString());
        }
    }

    private static async Task RequireOursAsync(RcloneProgram rclone, Remote remote, string? installation, CancellationToken cancellationToken)
    {
        var owner = Parse(remote, await rclone.ReadAsync(remote.ObjectPath(OwnerFile), MaxOwnerFileBytes, cancellationToken));
        if (owner != installation)
        {
            throw new ConfigurationException(
                $"{remote.Path} belongs to another installation of Perb ({Printable.Clean(owner, 64)}, this one is {installation ?? "new"}): "
                + "give each installation its own path");
        }
    }

    // An empty mount point looks just like a new path: filling it would fill the wrong disk, and hide that all copies are away.
    private async Task RequireUnusedAsync(Remote remote, bool wasMarked, CancellationToken cancellationToken)
    {
        var copies = (await store.ListAsync(remote.Name, null, cancellationToken)).Count(backup => backup.State == BackupState.Published);
        if (wasMarked || copies > 0)
        {
            throw new ConfigurationException(
                $"{remote.ObjectPath(OwnerFile)} is not there, but {(copies > 0 ? $"{copies} backup(s) were published beside it" : "this installation wrote it")}: "
                + "is the remote mounted, is it the "
                + $"right path? If it was emptied on purpose, give it another Name, or put {{\"format\":1,\"installation\":\"{state.InstallationId}\"}} there as {OwnerFile}");
        }
    }

    private static string Parse(Remote remote, byte[] json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, OwnerJson.Default.PathOwner) is { Format: 1, Installation.Length: > 0 } owner
                ? owner.Installation
                : throw new JsonException("not format 1");
        }
        catch (JsonException)
        {
            throw new ConfigurationException(
                $"{remote.ObjectPath(OwnerFile)} is not an owner file of format 1: it is damaged, or of a newer perb; look at it before you remove it");
        }
    }
}
