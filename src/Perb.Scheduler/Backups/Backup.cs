namespace Perb.Scheduler.Backups;

/// <summary>The record of carrying one archive to one remote. A snapshot of a row: it never changes, the store does.</summary>
public sealed record Backup
{
    public required long Id { get; init; }

    public required string Remote { get; init; }

    /// <summary>The common stem of all objects on the remote, <c>100-2026_11_20-02_00_01</c>.</summary>
    public required string RemoteName { get; init; }

    public required int Guest { get; init; }

    public required string GuestType { get; init; }

    public required string Archive { get; init; }

    /// <summary>Null: shipped by hand from outside of all storages.</summary>
    public required string? Storage { get; init; }

    public required string Node { get; init; }

    /// <summary>Where the archive lay when it was last seen.</summary>
    public required string Path { get; init; }

    public required long SizeBytes { get; init; }

    public required DateTimeOffset ModifiedAt { get; init; }

    public required DateTimeOffset ArchiveTime { get; init; }

    public required BackupState State { get; init; }

    public required DateTimeOffset DiscoveredAt { get; init; }

    public DateTimeOffset? VerifiedAt { get; init; }

    public string? VerifiedHow { get; init; }

    public DateTimeOffset? PublishedAt { get; init; }

    public int Attempt { get; init; }

    /// <summary>Those of the failures since the last success that nobody can explain.</summary>
    public int UnexpectedFailures { get; init; }

    /// <summary>An rclone was started for it, and is not known to have done its work; it outlives a killed perb.</summary>
    public bool HasUploader { get; init; }

    public DateTimeOffset? NextAttemptAt { get; init; }

    /// <summary>The last failure, or why the backup is skipped.</summary>
    public string? Failure { get; init; }

    /// <summary>Null: the rules decide.</summary>
    public ByHand? ByHand { get; init; }

    /// <summary>Its manifest was published with a signature.</summary>
    public bool IsSigned { get; init; }

    public int? VolumeCount { get; init; }

    public long SealedBytes { get; init; }
}
