using Perb.Scheduler.Backups;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Pipeline;
using Perb.Scheduler.Remotes;
using Perb.Scheduler.Store;
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
    private const string Forgotten = "the guest is to be forgotten (perb forget)";

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

    /// <summary>Removes everything that was ever sent of a guest, copies or not, on purpose.</summary>
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
        if (await clock.FaultSinceLastLookAsync(section.Name, isRecorded: true, cancellationToken) is { } jump)
        {
            return new PruneOutcome(section.Name, [], $"nothing is pruned now: {jump}");
        }

        var faults = new RemoteFaults();
        await FinishAsync(remote, faults, cancellationToken);
        var planned = await planPrune.RunAsync(section, guest, cancellationToken);
        if (planned.Plan.Refusal is { } refusal && !isApproved)
        {
            return new PruneOutcome(section.Name, planned.Plan.Decisions, refusal);
        }

        var removed = 0;
        foreach (var decision in planned.Plan.Decisions.Where(decision => decision.IsRemoved))
        {
            var isRemoved = await store.BeginAsync(decision.Copy.Id, string.Join("; ", decision.Reasons), isForgotten: false)
                && await RemoveAsync(remote, planned.Backups[decision.Copy.Id], faults, cancellationToken);
            removed += isRemoved ? 1 : 0;
        }

        logger.Pruned(section.Name, removed, planned.Plan.Decisions.Count - removed);
        return new PruneOutcome(section.Name, planned.Plan.Decisions, faults.InWords);
    }

    private async Task<PruneOutcome> ForgetAsync(Remote remote, int guest, CancellationToken cancellationToken)
    {
        if ((await store.RetiredAsync(cancellationToken)).Contains(guest))
        {
            return new PruneOutcome(remote.Name, [], $"guest {guest} is retired, all its copies are kept: perb retire {guest} --undo comes first");
        }

        var (faults, decisions) = (new RemoteFaults(), new List<PruneDecision>());
        await FinishAsync(remote, faults, cancellationToken);
        foreach (var backup in await store.SentAsync(remote.Name, guest, cancellationToken))
        {
            var copy = new StoredCopy(backup.Id, guest, backup.RemoteName, backup.ArchiveTime, backup.IsVerified, IsWhole: true);
            if (await ObstacleAsync(remote, backup, cancellationToken) is { } obstacle)
            {
                faults.Add(obstacle);
                decisions.Add(new PruneDecision(copy, false, [obstacle]));
            }
            else
            {
                decisions.Add(new PruneDecision(copy, await RemoveAsync(remote, backup, faults, cancellationToken), [Forgotten]));
            }
        }

        return new PruneOutcome(remote.Name, decisions, faults.InWords);
    }

    // Why something that was sent of a guest cannot be forgotten now.
    private async Task<string?> ObstacleAsync(Remote remote, StoredBackup backup, CancellationToken cancellationToken) =>
        !backup.WasPublished && await HasManifestAsync(remote, backup, cancellationToken)
            ? $"{remote.ObjectPath(backup.ManifestName)} is not on record as published by this store: it is left alone"
            : await store.BeginAsync(backup.Id, Forgotten, isForgotten: true)
                ? null
                : $"{backup.RemoteName} is being shipped to {remote.Name}: perb skip {backup.Id}, then forget again";

    private async Task FinishAsync(Remote remote, RemoteFaults faults, CancellationToken cancellationToken)
    {
        foreach (var backup in await store.UnfinishedAsync(remote.Name, cancellationToken))
        {
            try
            {
                if (!await IsKeptAsync(remote, backup, "its manifest is still there", cancellationToken))
                {
                    await RemoveRestAsync(remote, backup, cancellationToken);
                }
            }
            catch (RcloneException exception) when (faults.MayPass(exception))
            {
                faults.Add(exception.Message);
            }
        }
    }

    private async Task<bool> RemoveAsync(Remote remote, StoredBackup backup, RemoteFaults faults, CancellationToken cancellationToken)
    {
        try
        {
            await RemoveManifestAsync(remote, backup, cancellationToken);
            await RemoveRestAsync(remote, backup, cancellationToken);
            return true;
        }
        catch (RcloneException exception) when (faults.MayPass(exception))
        {
            faults.Add(exception.Message);
            return false;
        }
    }

    private async Task RemoveManifestAsync(Remote remote, StoredBackup backup, CancellationToken cancellationToken)
    {
        try
        {
            await rclone.DeleteFileAsync(remote.ObjectPath(backup.ManifestName), cancellationToken);
        }
        catch (RcloneException exception)
        {
            await IsKeptAsync(remote, backup, exception.Message, cancellationToken);
            throw;
        }
    }

    // While its manifest is there nothing of it was removed: it is a copy as before, and every brake judges it again.
    private async Task<bool> IsKeptAsync(Remote remote, StoredBackup backup, string reason, CancellationToken cancellationToken)
    {
        var isThere = await HasManifestAsync(remote, backup, cancellationToken);
        if (isThere)
        {
            await store.CancelAsync(backup.Id, reason);
        }

        return isThere;
    }

    private async Task<bool> HasManifestAsync(Remote remote, StoredBackup backup, CancellationToken cancellationToken) =>
        await rclone.StatAsync(remote.ObjectPath(backup.ManifestName), null, cancellationToken) is not null;

    private async Task RemoveRestAsync(Remote remote, StoredBackup backup, CancellationToken cancellationToken)
    {
        foreach (var name in backup.NamesBesideManifest)
        {
            await rclone.DeleteFileAsync(remote.ObjectPath(name), cancellationToken);
        }

        // "Not there" is what a remote says, too, that is not mounted any more.
        await gate.RequireOwnAsync(remote, cancellationToken);
        await store.RecordPrunedAsync(backup.Id);
        logger.BackupPruned(backup.RemoteName, remote.Name);
    }
}
