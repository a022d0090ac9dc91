using Perb.Scheduler.Backups;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Discovery;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Pipeline;
using Perb.Scheduler.Store;
using Perb.Transfer.Rclone;

namespace Perb.Scheduler.Verifying;

/// <summary>
/// Looks again at what was published: every object by presence and size, and those volumes by hash or content whose proof is oldest. What
/// is missing or wrong is shipped again where the archive is still there; else the copy is lost, and somebody is told.
/// </summary>
public sealed class VerifyRemote(
    RemoteGate gate,
    RcloneProgram rclone,
    VerifyObject verify,
    PipelineStore pipeline,
    VerificationStore store,
    ArchivesByHand archives,
    Troubles troubles,
    WakeUp wakeUp,
    ILogger<VerifyRemote> logger) : IDisposable
{
    /// <summary>A scheduled check proves one volume in so many: with a weekly schedule each is proven every four weeks.</summary>
    public const int Share = 4;

    private readonly SemaphoreSlim _one = new(1);

    /// <param name="section">The remote as it is configured.</param>
    /// <param name="guest">Null, or the only one whose copies are checked.</param>
    /// <param name="share">One volume in so many is proven; 1: all.</param>
    /// <param name="isDownload">By content, whatever hash the remote reports.</param>
    /// <param name="cancellationToken">Stops between two objects; what was proven is recorded.</param>
    public async Task<CheckedRemote> RunAsync(
        RemoteSection section, int? guest, int share, bool isDownload, CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        var found = new List<CheckedBackup>();
        string? fault = null;
        try
        {
            var remote = Remote.Of(section);
            await gate.RequireOwnAsync(remote, cancellationToken);
            var ready = await gate.OpenAsync(isDownload ? remote with { Verify = VerifyLevel.Download } : remote, cancellationToken);
            var listed = (await rclone.ListAsync(remote.Path, cancellationToken)).ToDictionary(file => file.Name, file => file.SizeBytes);
            var due = await store.DueAsync(section.Name, guest, share, cancellationToken);
            foreach (var backup in await store.BackupsAsync(section.Name, guest, cancellationToken))
            {
                found.Add(await CheckAsync(backup, ready, listed, due, cancellationToken));
            }
        }
        catch (Exception exception) when (exception is RcloneException or ConfigurationException)
        {
            fault = Failure.From(exception).Text;
        }
        finally
        {
            _one.Release();
        }

        await troubles.SetAsync(Troubles.OfVerify(section.Name), fault, CancellationToken.None);
        logger.RemoteChecked(section.Name, found.Count, found.Sum(one => one.Proven), found.Count(one => one.Fault is not null));
        wakeUp.Ring(); // what is damaged is due
        return new CheckedRemote(section.Name, found, fault);
    }

    public void Dispose() => _one.Dispose();

    private async Task<CheckedBackup> CheckAsync(
        Backup backup,
        ReadyRemote remote,
        Dictionary<string, long> listed,
        IReadOnlySet<(long BackupId, int Number)> due,
        CancellationToken cancellationToken)
    {
        if (backup.State != BackupState.Published)
        {
            return await JudgeAsync(backup, [], backup.Failure ?? "broken", 0, cancellationToken);
        }

        var (broken, proven) = (new List<(int Number, string Text)>(), 0);
        foreach (var volume in await pipeline.LoadVolumesAsync(backup.Id, cancellationToken))
        {
            try
            {
                if (IsListed(listed, volume) && !due.Contains((backup.Id, volume.Number)))
                {
                    continue;
                }

                // Also what a listing does not show: listings of some remotes lag behind, and absence must be seen twice.
                await store.RecordProofAsync(
                    backup, volume, await verify.RunAsync(
                        remote, volume.Name, volume.SizeBytes, volume.Digests, cancellationToken, wasSentByUs: volume.UploadedAt is not null));
                proven++;
            }
            catch (CopyMismatchException exception)
            {
                broken.Add((volume.Number, exception.Message));
            }
        }

        var fault = broken.Count > 0
            ? $"{broken[0].Text}{(broken.Count > 1 ? $", and {broken.Count - 1} more volume(s)" : "")}"
            : await ManifestFaultAsync(backup, remote, cancellationToken);
        return fault is null
            ? new CheckedBackup(backup, proven, null)
            : await JudgeAsync(backup, [.. broken.Select(one => one.Number)], fault, proven, cancellationToken);
    }

    private static bool IsListed(Dictionary<string, long> listed, VolumeRecord volume) =>
        listed.TryGetValue(volume.Name, out var size) && (size < 0 || size == volume.SizeBytes);

    private async Task<string?> ManifestFaultAsync(Backup backup, ReadyRemote remote, CancellationToken cancellationToken)
    {
        var name = backup.RemoteName + Transfer.Manifests.Manifest.FileSuffix;
        var path = remote.Remote.ObjectPath(name);
        if (await rclone.StatAsync(path, null, cancellationToken) is not { } file)
        {
            return $"{path} is missing";
        }

        var planned = await PlannedManifest.BytesAsync(pipeline, backup, allVerified: false, cancellationToken);
        return planned is null || file.SizeBytes < 0 || file.SizeBytes == planned.Length ? null : $"{path} has {file.SizeBytes} bytes, it must have {planned.Length}";
    }

    // What was sealed of it can be made again only from the archive; a manifest from the record alone.
    private async Task<CheckedBackup> JudgeAsync(
        Backup backup, IReadOnlyList<int> broken, string fault, int proven, CancellationToken cancellationToken)
    {
        var needsArchive = broken.Count > 0 || backup.State != BackupState.Published || await pipeline.LoadPlanAsync(backup, cancellationToken) is null;
        var state = !needsArchive || await archives.IsThereAsync(backup, cancellationToken) is true ? BackupState.Damaged : BackupState.Lost;
        if (await store.RecordBrokenAsync(backup, state, broken, fault))
        {
            var word = state.Word();
            logger.CopyBroken(state == BackupState.Lost ? LogLevel.Error : LogLevel.Warning, backup.RemoteName, backup.Remote, word, fault);
        }

        return new CheckedBackup(backup with { State = state, Failure = fault }, proven, fault);
    }
}
