using Perb.Scheduler.Backups;

namespace Perb.Scheduler.Discovery;

/// <summary>The file of an archive, as it is told from another of the same name.</summary>
public readonly record struct ArchiveFile(string Path, long SizeBytes, DateTimeOffset ModifiedAt);

/// <summary>A whole archive that a listing of a dump directory saw, or that a person named.</summary>
/// <param name="Storage">Null: it lies outside of all storages.</param>
/// <param name="IsSettled">Its <c>.log</c> and <c>.notes</c> are there too if they ever come: it may be sealed.</param>
public sealed record FoundArchive(
    ArchiveName Name,
    string? Storage,
    string Node,
    string Path,
    long SizeBytes,
    DateTimeOffset ModifiedAt,
    DateTimeOffset Time,
    bool IsSettled)
{
    public ArchiveFile File => new(Path, SizeBytes, ModifiedAt);

    /// <summary>
    /// Later archives are dated by a clock that was wrong: shipped as all others, but never a guest's newest, or they would hide for
    /// years that nothing new comes.
    /// </summary>
    public static DateTimeOffset LatestBelievable(DateTimeOffset now) => now.AddDays(1);
}

/// <summary>What the store knows of a backup when a listing is compared with it.</summary>
/// <param name="HasPlan">Sealing began; false too of what is not <c>discovered</c>, where nobody asks.</param>
/// <param name="IsAllSealed">Every volume of its plan was sealed: it needs its source no more. False too as above.</param>
/// <param name="ByHand">What a person decided; null: the rules decide.</param>
public sealed record KnownBackup(
    long Id,
    string Remote,
    string RemoteName,
    string Archive,
    BackupState State,
    string? Storage,
    string Path,
    long SizeBytes,
    DateTimeOffset ModifiedAt,
    bool IsSettled,
    bool HasPlan,
    bool IsAllSealed,
    bool IsClaimed,
    string? Failure,
    ByHand? ByHand);

/// <summary>What a listing changes in the store. Applying one twice changes nothing more.</summary>
public abstract record DiscoveryChange
{
    /// <summary>First sight of an archive; <paramref name="SkipReason"/> null means that it is to be shipped.</summary>
    /// <param name="ConflictText">What lies elsewhere under the same name, if it differs.</param>
    public sealed record Found(FoundArchive Archive, string Remote, string? SkipReason, string? ConflictText) : DiscoveryChange;

    /// <summary>The same archive, elsewhere or settled by now.</summary>
    public sealed record Seen(long Id, FoundArchive Archive) : DiscoveryChange;

    /// <summary>The archive of a backup that was rebuilt from its manifest, which does not say what it is called.</summary>
    public sealed record Recognised(long Id, FoundArchive Archive) : DiscoveryChange;

    /// <summary>Other bytes under the name of a backup that has not been sealed yet: what was planned is void.</summary>
    public sealed record Replaced(long Id, FoundArchive Archive) : DiscoveryChange;

    /// <summary>To be shipped after all: a rule changed, the archive reappeared, or other bytes deserve a new try.</summary>
    public sealed record Revived(long Id, FoundArchive Archive, BackupState From) : DiscoveryChange;

    public sealed record Skipped(long Id, string Reason) : DiscoveryChange;

    public sealed record SourceGone(long Id, string Path) : DiscoveryChange;

    /// <summary>A different archive of the same name as one that was shipped, or that lies elsewhere: a person must look.</summary>
    public sealed record Conflict(long Id, string Text) : DiscoveryChange;

    /// <summary>What differed from a published backup is gone, or equal by now.</summary>
    public sealed record ConflictOver(long Id) : DiscoveryChange;
}
