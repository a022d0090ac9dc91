using Microsoft.Data.Sqlite;

namespace Perb.Scheduler.Store;

/// <summary>A published backup and what it consists of on the remote, by this store's own record.</summary>
/// <param name="IsVerified">There is a proof of it.</param>
/// <param name="Volumes">Names and sizes, in order.</param>
public sealed record PublishedBackup(
    long Id, int Guest, string RemoteName, DateTimeOffset ArchiveTime, bool IsVerified, IReadOnlyList<(string Name, long SizeBytes)> Volumes);

/// <summary>What retention reads and records. A removal is recorded before it begins: cut anywhere, it is carried to its end by the next run.</summary>
public sealed class RetentionStore(Database database, TimeProvider time)
{
    private string Now => Sql.Instant(time.GetUtcNow());

    /// <summary>Every copy of a remote.</summary>
    public Task<IReadOnlyList<PublishedBackup>> CopiesAsync(string remote, CancellationToken cancellationToken) =>
        ReadAsync(remote, "b.pruning IS NULL", cancellationToken);

    /// <summary>Removals that were begun and did not end.</summary>
    public Task<IReadOnlyList<PublishedBackup>> UnfinishedAsync(string remote, CancellationToken cancellationToken) =>
        ReadAsync(remote, "b.pruning IS NOT NULL", cancellationToken);

    /// <summary>From now on it is no copy any more.</summary>
    /// <returns>False: it is not published any more, or somebody else removes it.</returns>
    public Task<bool> BeginAsync(long id, string reason) => SetAsync(
        id, "UPDATE backup SET pruning = @now WHERE id = @id AND state = 'published' AND pruning IS NULL", "prune began", reason);

    /// <summary>Nothing of it was removed: it is a copy as before.</summary>
    public Task CancelAsync(long id, string reason) => SetAsync(
        id, "UPDATE backup SET pruning = NULL WHERE id = @id AND pruning IS NOT NULL AND @now IS NOT NULL", "prune given up", reason);

    /// <summary>Nothing of it is left on the remote.</summary>
    public Task RecordPrunedAsync(long id) => SetAsync(
        id,
        "UPDATE backup SET state = 'pruned', pruning = NULL WHERE id = @id AND state = 'published' AND pruning IS NOT NULL AND @now IS NOT NULL",
        "pruned",
        "removed from the remote");

    /// <summary>The latest time that was ever recorded: the clock cannot be earlier.</summary>
    public async Task<DateTimeOffset?> LatestRecordAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        return await connection.ScalarAsync<string>("SELECT at FROM event ORDER BY id DESC LIMIT 1", cancellationToken) is { } latest
            ? Sql.ParseInstant(latest)
            : null;
    }

    public async Task<IReadOnlySet<int>> RetiredAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        return (await connection.QueryAsync("SELECT guest FROM retired", row => (int)row.GetInt64(0), cancellationToken)).ToHashSet();
    }

    /// <returns>False: it was so before.</returns>
    public async Task<bool> SetRetiredAsync(int guest, bool isRetired, CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        return await connection.ExecuteAsync(
            isRetired ? "INSERT OR IGNORE INTO retired (guest, since) VALUES (@guest, @now)" : "DELETE FROM retired WHERE guest = @guest AND @now IS NOT NULL",
            cancellationToken,
            ("@guest", guest),
            ("@now", Now)) > 0;
    }

    private async Task<IReadOnlyList<PublishedBackup>> ReadAsync(string remote, string condition, CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        var volumes = (await connection.QueryAsync(
            $"""
            SELECT v.backup_id, v.name, v.size_bytes FROM volume v JOIN backup b ON b.id = v.backup_id
            WHERE b.remote = @remote AND b.state = 'published' AND {condition} ORDER BY v.backup_id, v.number
            """,
            row => (Backup: row.GetInt64(0), Name: row.GetString(1), SizeBytes: row.GetInt64(2)),
            cancellationToken,
            ("@remote", remote))).ToLookup(volume => volume.Backup, volume => (volume.Name, volume.SizeBytes));
        return await connection.QueryAsync(
            $"""
            SELECT b.id, b.guest, b.remote_name, b.archive_time, b.verified_how FROM backup b
            WHERE b.remote = @remote AND b.state = 'published' AND {condition} ORDER BY b.guest, b.archive_time
            """,
            row => new PublishedBackup(
                row.Number("id"),
                (int)row.Number("guest"),
                row.Text("remote_name"),
                row.Time("archive_time"),
                row.TextOrNull("verified_how") is not null,
                [.. volumes[row.Number("id")]]),
            cancellationToken,
            ("@remote", remote));
    }

    private async Task<bool> SetAsync(long id, string update, string kind, string text)
    {
        await using var connection = await database.ConnectAsync(CancellationToken.None);
        await using var transaction = (SqliteTransaction)await connection.BeginTransactionAsync(CancellationToken.None);
        var isChanged = await connection.ExecuteAsync(update, CancellationToken.None, ("@id", id), ("@now", Now)) > 0;
        if (isChanged)
        {
            await connection.AddEventAsync(id, Now, kind, text, CancellationToken.None);
        }

        await transaction.CommitAsync(CancellationToken.None);
        return isChanged;
    }
}
