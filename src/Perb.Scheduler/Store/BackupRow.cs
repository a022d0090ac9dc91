using Microsoft.Data.Sqlite;
using Perb.Scheduler.Backups;

namespace Perb.Scheduler.Store;

/// <summary>Columns to <see cref="Backup"/>: the only place where they meet.</summary>
internal static class BackupRow
{
    // The planner has no statistics and prefers the primary key, behind which the wide rows are.
    public const string Select = """
        SELECT b.*,
               (SELECT coalesce(sum(v.size_bytes), 0) FROM volume v INDEXED BY volume_size WHERE v.backup_id = b.id) AS sealed_bytes,
               coalesce((SELECT p.volume_count FROM plan p INDEXED BY plan_count WHERE p.backup_id = b.id),
                        iif(b.published_at IS NULL, NULL, (SELECT count(*) FROM volume v INDEXED BY volume_size WHERE v.backup_id = b.id))) AS volume_count,
               EXISTS (SELECT 1 FROM uploader u WHERE u.backup_id = b.id) AS has_uploader
        FROM backup b
        """;

    public static Backup Map(SqliteDataReader row) => new()
    {
        Id = row.Number("id"),
        Remote = row.Text("remote"),
        RemoteName = row.Text("remote_name"),
        Guest = (int)row.Number("guest"),
        GuestType = row.Text("guest_type"),
        Archive = row.Text("archive"),
        Storage = StorageOf(row),
        Node = row.Text("node"),
        Path = row.Text("path"),
        SizeBytes = row.Number("size_bytes"),
        ModifiedAt = row.Time("modified_at"),
        ArchiveTime = row.Time("archive_time"),
        State = BackupStates.FromWord(row.Text("state")),
        DiscoveredAt = row.Time("discovered_at"),
        VerifiedAt = row.TimeOrNull("verified_at"),
        VerifiedHow = row.TextOrNull("verified_how"),
        PublishedAt = row.TimeOrNull("published_at"),
        Attempt = (int)row.Number("attempt"),
        UnexpectedFailures = (int)row.Number("unexpected"),
        HasUploader = row.Number("has_uploader") != 0,
        NextAttemptAt = row.TimeOrNull("next_attempt_at"),
        Failure = row.TextOrNull("failure"),
        ByHand = ByHandOf(row),
        IsSigned = row.NumberOrNull("is_signed") == 1,
        VolumeCount = (int?)row.NumberOrNull("volume_count"),
        SealedBytes = row.Number("sealed_bytes"),
    };

    /// <summary>The column came with the first version, which knew no archive outside of storages: '' means none.</summary>
    public static string? StorageOf(SqliteDataReader row) => row.Text("storage") is { Length: > 0 } storage ? storage : null;

    public static ByHand? ByHandOf(SqliteDataReader row) => row.TextOrNull("by_hand") is { } word ? ByHandWords.FromWord(word) : null;
}
