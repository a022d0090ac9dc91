using Perb.Scheduler.Backups;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Discovery;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Pipeline;
using Perb.Scheduler.Remotes;
using Perb.Scheduler.Retention;
using Perb.Scheduler.Store;
using Perb.Transfer.Rclone;

namespace Perb.Scheduler.Verifying;

/// <summary>
/// Looks again at what was published: every object by presence and size; those volumes by hash or content that were not checked for longest, and with
/// them the manifest and its signature. What is missing or wrong is shipped again where the archive is still there; else the copy is lost, and
/// somebody is told. Nothing is called broken without a second look, in which <c>perb.json</c> is there; and what is whole again is a copy again.
/// </summary>
public sealed class VerifyRemote(
    RemoteGate gate,
    RcloneProgram rclone,
    CheckCopy checkCopy,
    PipelineStore pipeline,
    VerificationStore store,
    RetentionStore retention,
    ArchivesByHand archives,
    ManifestSigning signing,
    Troubles troubles,
    WakeUp wakeUp,
    ILogger<VerifyRemote> logger) : IDisposable
{
    /// <summary>A scheduled check proves one volume in so many: with a weekly schedule each is proven every four weeks.</summary>
    public const int Share = 4;

    private readonly SemaphoreSlim _one = new(1);

    /// <param name="section">The remote as it is configured.</param>
    /// <param name="order">What is checked, and how.</param>
    /// <param name="cancellationToken">Stops between two objects; what was proven is recorded.</param>
    public async Task<CheckedRemote> RunAsync(RemoteSection section, VerifyOrder order, CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        var found = new List<CheckedBackup>();
        string? fault;
        try
        {
            var remote = Remote.Of(section);
            await gate.RequireOwnAsync(remote, cancellationToken);
            var ready = await gate.OpenAsync(order.IsDownload ? remote with { Verify = VerifyLevel.Download } : remote, cancellationToken);
            fault = await RunAsync(ready, order, found, cancellationToken);
        }
        catch (Exception exception) when (exception is RcloneException or ConfigurationException or RemoteVanishedException)
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

    private async Task<string?> RunAsync(ReadyRemote ready, VerifyOrder order, List<CheckedBackup> found, CancellationToken cancellationToken)
    {
        var remote = ready.Remote;
        var listing = RemoteListing.Of(await rclone.ListAsync(remote.Path, cancellationToken));
        var copies = await retention.CopiesAsync(remote.Name, cancellationToken);
        var whole = copies.Where(copy => copy.IsWholeIn(listing, !signing.Trusted.IsEmpty)).Select(copy => copy.Id).ToHashSet();
        if (copies.Count > PrunePlan.FewCopies && 2 * whole.Count < copies.Count && !order.IsApproved)
        {
            return $"{copies.Count - whole.Count} of {copies.Count} copies are not whole in its listing, more than half: is it the right place, the right account? "
                + $"Nothing is recorded. If they are gone indeed: perb verify --remote {remote.Name} --yes";
        }

        var due = (await store.DueAsync(remote.Name, order.Guest, order.Share, cancellationToken)).ToLookup(volume => volume.BackupId, volume => volume.Number);
        var faults = new RemoteFaults();
        foreach (var backup in await store.BackupsAsync(remote.Name, order.Guest, cancellationToken))
        {
            try
            {
                found.Add(whole.Contains(backup.Id) && !due.Contains(backup.Id)
                    ? new CheckedBackup(backup, 0, null)
                    : await CheckAsync(backup, ready, due[backup.Id].ToHashSet(), cancellationToken));
            }
            catch (RcloneException exception) when (faults.MayPass(exception))
            {
                Pass(backup, exception.Message);
            }
            catch (NameConflictException exception)
            {
                Pass(backup, exception.Message); // only a person can mend it, and it may be whole
            }
        }

        return faults.InWords;

        void Pass(Backup backup, string fault)
        {
            faults.Add(fault);
            found.Add(new CheckedBackup(backup, 0, fault));
        }
    }

    private async Task<CheckedBackup> CheckAsync(Backup backup, ReadyRemote remote, IReadOnlySet<int> due, CancellationToken cancellationToken)
    {
        var copy = await checkCopy.RunAsync(backup, remote, due, cancellationToken);
        if (copy.Fault is not null)
        {
            await gate.RequireOwnAsync(remote.Remote, cancellationToken); // it may have gone away meanwhile
            return await JudgeAsync(backup, copy, cancellationToken);
        }

        if (backup.State == BackupState.Published)
        {
            return new CheckedBackup(backup, copy.Proven, null);
        }

        if (await store.RecordWholeAsync(backup))
        {
            logger.CopyRecovered(backup.RemoteName, backup.Remote);
        }

        return new CheckedBackup(backup with { State = BackupState.Published, Failure = null }, copy.Proven, null);
    }

    // What was sealed of it can be made again only from the archive; a manifest from the record alone. What failed waits for a person.
    private async Task<CheckedBackup> JudgeAsync(Backup backup, CopyCheck copy, CancellationToken cancellationToken)
    {
        var good = (await pipeline.LoadVolumesAsync(backup.Id, cancellationToken))
            .Count(volume => volume.VerifiedAt is not null && !copy.Broken.Contains(volume.Number));
        var needsArchive = await pipeline.LoadPlanAsync(backup, cancellationToken) is not { } plan || good < plan.VolumeCount;
        var state = backup.State == BackupState.Failed ? BackupState.Failed
            : !needsArchive || await archives.IsThereAsync(backup, cancellationToken) is true ? BackupState.Damaged
            : BackupState.Lost;
        if (state != BackupState.Failed && await store.RecordBrokenAsync(backup, state, copy.Broken, copy.Fault!))
        {
            var word = state.Word();
            logger.CopyBroken(state == BackupState.Lost ? LogLevel.Error : LogLevel.Warning, backup.RemoteName, backup.Remote, word, copy.Fault!);
        }

        return new CheckedBackup(backup with { State = state, Failure = copy.Fault }, copy.Proven, copy.Fault);
    }
}
