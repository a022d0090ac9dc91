using Microsoft.Data.Sqlite;
using Perb.Scheduler.Backups;

namespace Perb.Scheduler.Store;

/// <summary>Published backups as they are checked again: which are due, what was proven, what turned out wrong.</summary>
public sealed class VerificationStore(Database database, TimeProvider time)
{
    private const string IsCopy = "b.remote = @remote AND b.state = 'published' AND b.pruning IS NULL AND (@guest IS NULL OR b.guest = @guest)";

    /// <summary>Backups of a remote that are, or were once, copies.</summary>
    public async Task<IReadOnlyList<Backup>> BackupsAsync(string remote, int? guest, CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        return await connection.QueryAsync(
            $"{BackupRow.Select} WHERE b.remote = @remote AND b.state IN ('published', 'damaged', 'lost') AND b.pruning IS NULL AND (@guest IS NULL OR b.guest = @guest) ORDER BY b.guest, b.archive_time",
            BackupRow.Map,
            cancellationToken,
            ("@remote", remote),
            ("@guest", guest));
    }

    /// <summary>Volumes whose proof is oldest, as many as are one in <paramref name="share"/>.</summary>
    public async Task<IReadOnlySet<(long BackupId, int Number)>> DueAsync(string remote, int? guest, int share, CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        var due = await connection.QueryAsync(
            $"""
            SELECT v.backup_id, v.number FROM volume v JOIN backup b ON b.id = v.backup_id WHERE {IsCopy}
            ORDER BY v.verified_at NULLS FIRST, v.backup_id, v.number
            LIMIT (SELECT (count(*) + @share - 1) / @share FROM volume v JOIN backup b ON b.id = v.backup_id WHERE {IsCopy})
            """,
            row => (row.GetInt64(0), (int)row.GetInt64(1)),
            cancellationToken,
            ("@remote", remote),
            ("@guest", guest),
            ("@share", share));
        return due.ToHashSet();
    }

    /// <summary>A stored volume was proven again. The backup is as well proven as its weakest volume, and as long ago as the one that was proven first.</summary>
    public async Task RecordProofAsync(Backup backup, VolumeRecord volume, VerifyLevel how)
    {
        if (how < volume.VerifiedHow)
        {
            return; // a weaker proof takes nothing from a stronger one
        }

        await using var connection = await database.ConnectAsync(CancellationToken.None);
        await using var transaction = (SqliteTransaction)await connection.BeginTransactionAsync(CancellationToken.None);
        await VolumeRow.SetVerifiedAsync(connection, backup.Id, volume, Sql.Instant(time.GetUtcNow()), how);
        await connection.ExecuteAsync(
            """
            UPDATE backup SET verified_at = (SELECT min(verified_at) FROM volume WHERE backup_id = @id),
                              verified_how = (SELECT verified_how FROM volume WHERE backup_id = @id
                                              ORDER BY CASE verified_how WHEN 'size' THEN 0 WHEN 'hash' THEN 1 ELSE 2 END LIMIT 1)
            WHERE id = @id AND state = 'published' AND NOT EXISTS (SELECT 1 FROM volume WHERE backup_id = @id AND verified_at IS NULL)
            """,
            CancellationToken.None,
            ("@id", backup.Id));
        await transaction.CommitAsync(CancellationToken.None);
    }

    /// <summary>It is no copy any more: what is wrong is forgotten, so that it is sealed and sent again where the archive is still there.</summary>
    /// <returns>False: somebody else works on it, or it is so recorded already.</returns>
    public async Task<bool> RecordBrokenAsync(Backup backup, BackupState to, IReadOnlyList<int> volumes, string reason)
    {
        await using var connection = await database.ConnectAsync(CancellationToken.None);
        await using var transaction = (SqliteTransaction)await connection.BeginTransactionAsync(CancellationToken.None);
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
            await connection.ExecuteAsync(
                "DELETE FROM volume WHERE backup_id = @id AND number IN (SELECT value FROM json_each(@numbers))",
                CancellationToken.None,
                ("@id", backup.Id),
                ("@numbers", Sql.List(volumes.Select(number => (long)number))));
            await connection.AddEventAsync(backup.Id, Sql.Instant(time.GetUtcNow()), to.Word(), reason, CancellationToken.None);
        }

        await transaction.CommitAsync(CancellationToken.None);
        return isChanged;
    }
}
