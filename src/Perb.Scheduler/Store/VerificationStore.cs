using Microsoft.Data.Sqlite;
using Perb.Scheduler.Backups;

namespace Perb.Scheduler.Store;

/// <summary>Published backups as they are checked again: which are due, what was proven, what turned out wrong.</summary>
public sealed class VerificationStore(Database database, TimeProvider time)
{
    private const string IsCopy = "b.remote = @remote AND b.state = 'published' AND b.pruning IS NULL AND (@guest IS NULL OR b.guest = @guest)";

    private string Now => Sql.Instant(time.GetUtcNow());

    /// <summary>Backups of a remote that are, or were once, copies.</summary>
    public async Task<IReadOnlyList<Backup>> BackupsAsync(string remote, int? guest, CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        return await connection.QueryAsync(
            $"""
            {BackupRow.Select}
            WHERE b.remote = @remote AND b.pruning IS NULL AND (@guest IS NULL OR b.guest = @guest)
              AND (b.state IN ('published', 'damaged', 'lost') OR (b.state = 'failed' AND b.published_at IS NOT NULL))
            ORDER BY b.guest, b.archive_time
            """,
            BackupRow.Map,
            cancellationToken,
            ("@remote", remote),
            ("@guest", guest));
    }

    /// <summary>Volumes whose last check is oldest, as many as are one in <paramref name="share"/>.</summary>
    public async Task<IReadOnlySet<(long BackupId, int Number)>> DueAsync(string remote, int? guest, int share, CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        var due = await connection.QueryAsync(
            $"""
            SELECT v.backup_id, v.number FROM volume v JOIN backup b ON b.id = v.backup_id WHERE {IsCopy}
            ORDER BY coalesce(v.checked_at, v.verified_at) NULLS FIRST, v.backup_id, v.number
            LIMIT (SELECT (count(*) + @share - 1) / @share FROM volume v JOIN backup b ON b.id = v.backup_id WHERE {IsCopy})
            """,
            row => (row.GetInt64(0), (int)row.GetInt64(1)),
            cancellationToken,
            ("@remote", remote),
            ("@guest", guest),
            ("@share", share));
        return due.ToHashSet();
    }

    /// <summary>
    /// A stored volume was proven again; a weaker proof takes nothing from a stronger one. The backup is as well proven as its weakest volume, and
    /// as long ago as the one that was proven first.
    /// </summary>
    public Task RecordProofAsync(Backup backup, VolumeRecord volume, VerifyLevel how) => InTransactionAsync(async connection =>
    {
        await connection.ExecuteAsync(
            "UPDATE volume SET checked_at = @now WHERE backup_id = @id AND number = @number AND sha256 = @sha256",
            CancellationToken.None,
            ("@id", backup.Id),
            ("@number", volume.Number),
            ("@sha256", volume.Digests.Sha256),
            ("@now", Now));
        if (how < volume.VerifiedHow)
        {
            return;
        }

        await VolumeRow.SetVerifiedAsync(connection, backup.Id, volume, Now, how);
        await SetProofAsync(connection, backup.Id);
    });

    /// <summary>Its manifest was read, and is the one on record.</summary>
    public Task RecordManifestAsync(Backup backup, PublishedManifest manifest) => InTransactionAsync(connection => connection.ExecuteAsync(
        """
        UPDATE backup SET manifest_bytes = @bytes, is_signed = max(coalesce(is_signed, 0), @signed)
        WHERE id = @id AND (manifest_bytes IS NOT @bytes OR is_signed IS NOT @signed)
        """,
        CancellationToken.None,
        ("@id", backup.Id),
        ("@bytes", manifest.SizeBytes),
        ("@signed", manifest.IsSigned ? 1 : 0)));

    /// <summary>
    /// It is no copy any more. What its bytes must be stays on record: the volumes that are wrong only lose their proof, so that they are sealed and
    /// sent again where the archive is still there, or proven where the remote has them again.
    /// </summary>
    /// <returns>False: somebody else works on it, or it is so recorded already.</returns>
    public async Task<bool> RecordBrokenAsync(Backup backup, BackupState to, IReadOnlyList<int> volumes, string reason)
    {
        var isChanged = false;
        await InTransactionAsync(async connection =>
        {
            isChanged = await SetStateAsync(connection, backup, to, reason);
            if (isChanged)
            {
                await connection.ExecuteAsync(
                    "UPDATE volume SET verified_at = NULL, verified_how = NULL WHERE backup_id = @id AND number IN (SELECT value FROM json_each(@numbers))",
                    CancellationToken.None,
                    ("@id", backup.Id),
                    ("@numbers", Sql.List(volumes.Select(number => (long)number))));
            }
        });
        return isChanged;
    }

    /// <summary>All of it was found on the remote, and proven: it is a copy again.</summary>
    /// <returns>False: somebody else works on it.</returns>
    public async Task<bool> RecordWholeAsync(Backup backup)
    {
        var isChanged = false;
        await InTransactionAsync(async connection =>
        {
            isChanged = await SetStateAsync(connection, backup, BackupState.Published, null);
            await SetProofAsync(connection, backup.Id);
        });
        return isChanged;
    }

    private async Task<bool> SetStateAsync(SqliteConnection connection, Backup backup, BackupState to, string? reason)
    {
        var isChanged = await connection.ExecuteAsync(
            """
            UPDATE backup SET state = @to, failure = @reason, attempt = 0, unexpected = 0, next_attempt_at = NULL
            WHERE id = @id AND state = @from AND lease_token IS NULL AND pruning IS NULL AND (state <> @to OR failure IS NOT @reason)
            """,
            CancellationToken.None,
            ("@id", backup.Id),
            ("@from", backup.State.Word()),
            ("@to", to.Word()),
            ("@reason", reason)) > 0;
        if (isChanged)
        {
            await connection.AddEventAsync(
                backup.Id, Now, to.Word(), reason ?? "everything is on the remote again, as it was recorded", CancellationToken.None);
        }

        return isChanged;
    }

    private static Task<int> SetProofAsync(SqliteConnection connection, long id) => connection.ExecuteAsync(
        """
        UPDATE backup SET verified_at = (SELECT min(verified_at) FROM volume WHERE backup_id = @id),
                          verified_how = (SELECT verified_how FROM volume WHERE backup_id = @id
                                          ORDER BY CASE verified_how WHEN 'size' THEN 0 WHEN 'hash' THEN 1 ELSE 2 END LIMIT 1)
        WHERE id = @id AND state = 'published' AND NOT EXISTS (SELECT 1 FROM volume WHERE backup_id = @id AND verified_at IS NULL)
        """,
        CancellationToken.None,
        ("@id", id));

    private async Task InTransactionAsync(Func<SqliteConnection, Task> write)
    {
        await using var connection = await database.ConnectAsync(CancellationToken.None);
        await using var transaction = (SqliteTransaction)await connection.BeginTransactionAsync(CancellationToken.None);
        await write(connection);
        await transaction.CommitAsync(CancellationToken.None);
    }
}
