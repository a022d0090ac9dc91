using Microsoft.Data.Sqlite;
using Perb.Scheduler.Backups;
using Perb.Transfer.Hashing;
using Perb.Transfer.Sealing;

namespace Perb.Scheduler.Store;

/// <summary>Columns to <see cref="VolumeRecord"/>, and the facts that are written there.</summary>
internal static class VolumeRow
{
    public static VolumeRecord Map(SqliteDataReader row)
    {
        var otherKind = row.TextOrNull("other_kind");
        return new VolumeRecord(
            (int)row.Number("number"),
            row.Text("name"),
            row.Number("size_bytes"),
            new Digests(
                row.Text("sha256"),
                otherKind is null ? null : Enum.GetValues<HashKind>().Single(kind => kind.RcloneName() == otherKind),
                row.TextOrNull("other")),
            row.Time("sealed_at"),
            row.TimeOrNull("uploaded_at"),
            row.TimeOrNull("verified_at"),
            row.TextOrNull("verified_how") is { } how ? VerifyLevels.FromWord(how) : null);
    }

    /// <param name="connection">In the transaction that records the fact.</param>
    /// <param name="backupId">Whose volume it is.</param>
    /// <param name="volume">What was sealed, or found on the remote.</param>
    /// <param name="now">The instant that is recorded.</param>
    /// <param name="how">Null: sealed, and nothing more is known.</param>
    public static Task<int> InsertAsync(
        SqliteConnection connection, long backupId, SealedVolume volume, string now, VerifyLevel? how = null) => connection.ExecuteAsync(
        """
        INSERT OR REPLACE INTO volume (backup_id, number, name, size_bytes, sha256, other_kind, other, sealed_at, verified_at, verified_how)
        VALUES (@id, @number, @name, @size, @sha256, @otherKind, @other, @now, iif(@how IS NULL, NULL, @now), @how)
        """,
        CancellationToken.None,
        ("@id", backupId),
        ("@number", volume.Number),
        ("@name", volume.Name),
        ("@size", volume.SizeBytes),
        ("@sha256", volume.Digests.Sha256),
        ("@otherKind", volume.Digests.OtherKind?.RcloneName()),
        ("@other", volume.Digests.Other),
        ("@how", how?.Word()),
        ("@now", now));

    public static Task<int> SetUploadedAsync(SqliteConnection connection, long backupId, VolumeRecord volume, string now) => connection.ExecuteAsync(
        "UPDATE volume SET uploaded_at = @now, verified_at = NULL, verified_how = NULL WHERE backup_id = @id AND number = @number AND sha256 = @sha256",
        CancellationToken.None,
        ("@id", backupId),
        ("@number", volume.Number),
        ("@sha256", volume.Digests.Sha256),
        ("@now", now));

    public static Task<int> SetVerifiedAsync(
        SqliteConnection connection, long backupId, VolumeRecord volume, string now, VerifyLevel how) => connection.ExecuteAsync(
        "UPDATE volume SET verified_at = @now, verified_how = @how WHERE backup_id = @id AND number = @number AND sha256 = @sha256",
        CancellationToken.None,
        ("@id", backupId),
        ("@number", volume.Number),
        ("@sha256", volume.Digests.Sha256),
        ("@how", how.Word()),
        ("@now", now));
}
