using Perb.Scheduler.Configuration;
using Perb.Scheduler.Pipeline;
using Perb.Scheduler.Remotes;
using Perb.Scheduler.Store;
using Perb.Transfer.Rclone;

namespace Perb.Scheduler.Retention;

/// <summary>The plan and what it was made from.</summary>
/// <param name="Plan">What is removed and what stays.</param>
/// <param name="Backups">By id, with the objects that they consist of.</param>
public sealed record PlannedPrune(PrunePlan Plan, IReadOnlyDictionary<long, StoredBackup> Backups);

/// <summary>
/// Makes the plan for a remote, from this store's record and the remote's listing. Of each guest that would lose a copy the manifest of the newest is
/// read, too: what nobody trusted signed, or is not what was recorded, is no copy to rely on. Changes nothing.
/// </summary>
public sealed class PlanPrune(
    RcloneProgram rclone,
    ReadRemote remotes,
    CheckManifest check,
    ManifestSigning signing,
    RetentionStore store,
    VerificationStore verification,
    StatusStore status,
    PerbOptions options,
    TimeProvider time)
{
    /// <param name="remote">One with a retention policy.</param>
    /// <param name="guest">Null, or the only one that is judged.</param>
    /// <param name="cancellationToken">Stops rclone.</param>
    /// <exception cref="RcloneException">The remote does not answer.</exception>
    public async Task<PlannedPrune> RunAsync(RemoteSection remote, int? guest, CancellationToken cancellationToken)
    {
        var path = RemotePath.Parse(remote.Path);
        var backups = await store.CopiesAsync(remote.Name, cancellationToken);
        var files = await rclone.ListAsync(path, cancellationToken);
        var listing = RemoteListing.Of(files);
        var facts = await FactsAsync(cancellationToken);
        var plan = Plan(backup => backup.IsWholeIn(listing, !signing.Trusted.IsEmpty));
        if (plan.Removed.Count > 0 && await FaultyAsync(remote.Name, path, plan, files, cancellationToken) is { Count: > 0 } faulty)
        {
            plan = Plan(backup => !faulty.Contains(backup.Id) && backup.IsWholeIn(listing, !signing.Trusted.IsEmpty));
        }

        return new PlannedPrune(
            guest is null ? plan : plan with { Decisions = [.. plan.Decisions.Where(decision => decision.Copy.Guest == guest)] },
            backups.ToDictionary(backup => backup.Id));

        PrunePlan Plan(Func<StoredBackup, bool> isWhole) => PrunePlan.For(
            [
                .. backups.Select(backup => new StoredCopy(
                    backup.Id, backup.Guest, backup.RemoteName, backup.ArchiveTime, backup.IsVerified, isWhole(backup))),
            ],
            remote.Retention!,
            facts,
            options.TimeZone,
            time.GetUtcNow());
    }

    private async Task<HashSet<long>> FaultyAsync(
        string remote, RemotePath path, PrunePlan plan, IReadOnlyList<RemoteFile> files, CancellationToken cancellationToken)
    {
        var losing = plan.Removed.Select(copy => copy.Guest).ToHashSet();
        var newest = plan.Decisions
            .Where(decision => losing.Contains(decision.Copy.Guest) && decision is { IsRemoved: false, Copy.IsVerified: true })
            .GroupBy(decision => decision.Copy.Guest)
            .Select(group => group.MaxBy(decision => decision.Copy.Time)!.Copy.Id)
            .ToHashSet();
        var faulty = new HashSet<long>();
        var backups = (await verification.BackupsAsync(remote, null, cancellationToken))
            .Where(backup => newest.Contains(backup.Id))
            .ToDictionary(backup => backup.RemoteName);
        var sets = RemoteInventory.Of(files).Sets.Where(set => backups.ContainsKey(set.RemoteName));
        await foreach (var found in remotes.ReadAsync(path, sets, cancellationToken))
        {
            var backup = backups[found.RemoteName];
            if (await check.FaultOfAsync(backup, found, cancellationToken) is not null)
            {
                faulty.Add(backup.Id);
            }
        }

        return faulty;
    }

    private async Task<Func<int, GuestFacts>> FactsAsync(CancellationToken cancellationToken)
    {
        var retired = await store.RetiredAsync(cancellationToken);
        var guests = (await status.GuestsAsync(cancellationToken)).ToDictionary(guest => guest.Guest);
        return id => guests.TryGetValue(id, out var guest)
            ? new GuestFacts(guest.Exists, retired.Contains(id), options.RpoOf(id, guest.GuestType))
            : new GuestFacts(null, retired.Contains(id), options.Rpo);
    }
}
