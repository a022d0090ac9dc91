using Perb.Scheduler.Backups;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Pipeline;
using Perb.Scheduler.Store;
using Perb.Transfer.Manifests;
using Perb.Transfer.Rclone;

namespace Perb.Scheduler.Retention;

/// <summary>What became of a prune.</summary>
/// <param name="Decisions">The plan.</param>
/// <param name="Fault">Null, or why it was not carried out, or not to its end.</param>
public sealed record PruneOutcome(string Remote, IReadOnlyList<PruneDecision> Decisions, string? Fault);

/// <summary>
/// Removes what no rule needs any more from a remote. Only objects that this store recorded as its own are ever named; the manifest goes
/// first, so that what is cut short is no backup any more and nobody restores half of it.
/// </summary>
public sealed class PruneRemote(
    RemoteGate gate, PlanPrune planPrune, RetentionStore store, RcloneProgram rclone, ClockWatch clock, Troubles troubles, ILogger<PruneRemote> logger)
    : IDisposable
{
    private readonly SemaphoreSlim _one = new(1);

    /// <param name="section">The remote as it is configured.</param>
    /// <param name="guest">Null, or the only one whose copies are judged.</param>
    /// <param name="isApproved">A person has seen the plan: it may remove more than half.</param>
    /// <param name="cancellationToken">Stops between two objects; the next run goes on.</param>
    public async Task<PruneOutcome> RunAsync(RemoteSection section, int? guest, bool isApproved, CancellationToken cancellationToken)
    {
        if (section.Retention is null)
        {
            return new PruneOutcome(section.Name, [], $"{section.Name} has no Retention: nothing is ever pruned there");
        }

        return await GuardedAsync(section, remote => PruneAsync(section, remote, guest, isApproved, cancellationToken), cancellationToken);
    }

    /// <summary>Removes every copy of a guest, on purpose.</summary>
    public Task<PruneOutcome> ForgetAsync(RemoteSection section, int guest, CancellationToken cancellationToken) =>
        GuardedAsync(section, remote => ForgetAsync(remote, guest, cancellationToken), cancellationToken);

    public void Dispose() => _one.Dispose();

    private async Task<PruneOutcome> GuardedAsync(RemoteSection section, Func<Remote, Task<PruneOutcome>> work, CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        PruneOutcome outcome;
        try
        {
            var remote = Remote.Of(section);
            await gate.RequireOwnAsync(remote, cancellationToken);
            outcome = await work(remote);
        }
        catch (Exception exception) when (exception is RcloneException or ConfigurationException)
        {
            outcome = new PruneOutcome(section.Name, [], Failure.From(exception).Text);
        }
        finally
        {
            _one.Release();
        }

        await troubles.SetAsync(Troubles.OfPrune(section.Name), outcome.Fault, CancellationToken.None, needsPerson: true);
        return outcome;
    }

    private async Task<PruneOutcome> PruneAsync(
        RemoteSection section, Remote remote, int? guest, bool isApproved, CancellationToken cancellationToken)
    {
        if (clock.FaultSinceLastLook(await store.LatestRecordAsync(cancellationToken)) is { } jump)
        {
            return new PruneOutcome(section.Name, [], $"nothing is pruned now: {jump}");
        }

        await FinishAsync(remote, cancellationToken);
        var planned = await planPrune.RunAsync(section, guest, cancellationToken);
        if (planned.Plan.Refusal is { } refusal && !isApproved)
        {
            return new PruneOutcome(section.Name, planned.Plan.Decisions, refusal);
        }

        foreach (var decision in planned.Plan.Decisions.Where(decision => decision.IsRemoved))
        {
            await RemoveAsync(remote, planned.Backups[decision.Copy.Id], string.Join("; ", decision.Reasons), cancellationToken);
        }

        var removed = planned.Plan.Removed.Count;
        logger.Pruned(section.Name, removed, planned.Plan.Decisions.Count - removed);
        return new PruneOutcome(section.Name, planned.Plan.Decisions, null);
    }

    private async Task<PruneOutcome> ForgetAsync(Remote remote, int guest, CancellationToken cancellationToken)
    {
        await FinishAsync(remote, cancellationToken);
        var decisions = new List<PruneDecision>();
        foreach (var backup in (await store.CopiesAsync(remote.Name, cancellationToken)).Where(backup => backup.Guest == guest))
        {
            await RemoveAsync(remote, backup, "the guest is to be forgotten (perb forget)", cancellationToken);
            var copy = new StoredCopy(backup.Id, guest, backup.RemoteName, backup.ArchiveTime, backup.IsVerified, IsWhole: true);
            decisions.Add(new PruneDecision(copy, true, ["perb forget"]));
        }

        return new PruneOutcome(remote.Name, decisions, null);
    }

    // What an earlier run began is no copy any more: it is only carried to its end.
    private async Task FinishAsync(Remote remote, CancellationToken cancellationToken)
    {
        foreach (var backup in await store.UnfinishedAsync(remote.Name, cancellationToken))
        {
            await DeleteAsync(remote, backup, cancellationToken);
        }
    }

    private async Task RemoveAsync(Remote remote, PublishedBackup backup, string reason, CancellationToken cancellationToken)
    {
        if (!await store.BeginAsync(backup.Id, reason))
        {
            return;
        }

        var manifest = remote.ObjectPath(backup.RemoteName + Manifest.FileSuffix);
        try
        {
            await rclone.DeleteFileAsync(manifest, cancellationToken);
        }
        catch (RcloneException exception) when (exception.Kind == RcloneFailure.NoRetry)
        {
            // Not allowed to: nothing was removed, so it stays what it was.
            await store.CancelAsync(backup.Id, exception.Message);
            throw;
        }

        await DeleteAsync(remote, backup, cancellationToken);
    }

    private async Task DeleteAsync(Remote remote, PublishedBackup backup, CancellationToken cancellationToken)
    {
        string[] names =
        [
            backup.RemoteName + Manifest.FileSuffix,
            backup.RemoteName + Manifest.FileSuffix + Manifest.SignatureSuffix,
            .. backup.Volumes.Select(volume => volume.Name).Reverse(),
        ];
        foreach (var name in names)
        {
            await rclone.DeleteFileAsync(remote.ObjectPath(name), cancellationToken);
        }

        await store.RecordPrunedAsync(backup.Id);
        logger.BackupPruned(backup.RemoteName, remote.Name);
    }
}
