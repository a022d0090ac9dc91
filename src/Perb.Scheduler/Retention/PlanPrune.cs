using Perb.Scheduler.Configuration;
using Perb.Scheduler.Store;
using Perb.Transfer.Manifests;
using Perb.Transfer.Rclone;

namespace Perb.Scheduler.Retention;

/// <summary>The plan and what it was made from.</summary>
/// <param name="Plan">What is removed and what stays.</param>
/// <param name="Backups">By id, with the objects that they consist of.</param>
/// <param name="Listed">Names that the remote lists now.</param>
public sealed record PlannedPrune(PrunePlan Plan, IReadOnlyDictionary<long, PublishedBackup> Backups, IReadOnlySet<string> Listed);

/// <summary>Makes the plan for a remote, from this store's record and the remote's listing. Changes nothing.</summary>
public sealed class PlanPrune(RcloneProgram rclone, RetentionStore store, StatusStore status, PerbOptions options, TimeProvider time)
{
    /// <param name="remote">One with a retention policy.</param>
    /// <param name="guest">Null, or the only one that is judged.</param>
    /// <param name="cancellationToken">Stops rclone.</param>
    /// <exception cref="RcloneException">The remote does not answer.</exception>
    public async Task<PlannedPrune> RunAsync(RemoteSection remote, int? guest, CancellationToken cancellationToken)
    {
        var backups = await store.CopiesAsync(remote.Name, cancellationToken);
        var listed = (await rclone.ListAsync(RemotePath.Parse(remote.Path), cancellationToken)).ToDictionary(file => file.Name, file => file.SizeBytes);
        var facts = await FactsAsync(cancellationToken);
        var copies = backups.Select(backup => new StoredCopy(
            backup.Id, backup.Guest, backup.RemoteName, backup.ArchiveTime, backup.IsVerified, IsWhole(backup, listed)));
        var plan = PrunePlan.For([.. copies], remote.Retention!, facts, options.TimeZone, time.GetUtcNow());
        return new PlannedPrune(
            guest is null ? plan : plan with { Decisions = [.. plan.Decisions.Where(decision => decision.Copy.Guest == guest)] },
            backups.ToDictionary(backup => backup.Id),
            listed.Keys.ToHashSet());
    }

    // A remote that does not tell sizes lists -1.
    private static bool IsWhole(PublishedBackup backup, Dictionary<string, long> listed) =>
        listed.ContainsKey(backup.RemoteName + Manifest.FileSuffix)
        && backup.Volumes.All(volume => listed.TryGetValue(volume.Name, out var size) && (size < 0 || size == volume.SizeBytes));

    private async Task<Func<int, GuestFacts>> FactsAsync(CancellationToken cancellationToken)
    {
        var retired = await store.RetiredAsync(cancellationToken);
        var guests = (await status.GuestsAsync(cancellationToken)).ToDictionary(guest => guest.Guest);
        return id => guests.TryGetValue(id, out var guest)
            ? new GuestFacts(guest.Exists, retired.Contains(id), options.RpoOf(id, guest.GuestType))
            : new GuestFacts(null, retired.Contains(id), options.Rpo);
    }
}
