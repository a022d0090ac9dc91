using Perb.Scheduler.Backups;

namespace Perb.Scheduler.Store;

/// <summary>What waits for a remote.</summary>
/// <param name="ArchiveBytes">Of the archives; sealed they are a little larger.</param>
/// <param name="OldestDiscoveredAt">When the one was found that waits longest; null where all that waits is damaged copies, found long before they were damaged.</param>
public sealed record RemoteBacklog(string Remote, long Backups, long ArchiveBytes, DateTimeOffset? OldestDiscoveredAt);

/// <summary>What is on a remote.</summary>
/// <param name="Bytes">Of the sealed volumes of its copies.</param>
/// <param name="RecentBytes">Those of copies that were published since the time asked for.</param>
/// <param name="LastPublishedAt">Null: nothing ever was.</param>
public sealed record RemoteStock(string Remote, long Copies, long Bytes, long RecentBytes, DateTimeOffset? LastPublishedAt);

/// <summary>How many backups of a remote are in a state.</summary>
public sealed record StateCount(string Remote, BackupState State, long Backups);

/// <summary>A backup as the calendar needs it.</summary>
public sealed record DayBackup(int Guest, string Remote, BackupState State, DateTimeOffset ArchiveTime, DateTimeOffset? PublishedAt);

/// <summary>Reads for metrics and the status page; written so that many years of backups cost little.</summary>
public sealed class MonitoringStore(Database database)
{
    /// <summary>Grows whenever anything happened to a backup.</summary>
    public async Task<long> LastEventAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        return await connection.ScalarAsync<long>("SELECT coalesce(max(id), 0) FROM event", cancellationToken);
    }

    public async Task<IReadOnlyList<RemoteBacklog>> QueuesAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        return await connection.QueryAsync(
            """
            SELECT remote, count(*) AS backups, sum(size_bytes) AS bytes, min(iif(state = 'damaged', NULL, discovered_at)) AS oldest
            FROM backup WHERE state IN ('discovered', 'verified', 'damaged') GROUP BY remote
            """,
            row => new RemoteBacklog(row.Text("remote"), row.Number("backups"), row.Number("bytes"), row.TimeOrNull("oldest")),
            cancellationToken);
    }

    /// <summary>Tens of milliseconds for a hundred thousand backups.</summary>
    public async Task<IReadOnlyList<StateCount>> StatesAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        return await connection.QueryAsync(
            "SELECT remote, state, count(*) AS backups FROM backup INDEXED BY backup_guest GROUP BY remote, state",
            row => new StateCount(row.Text("remote"), BackupStates.FromWord(row.Text("state")), row.Number("backups")),
            cancellationToken);
    }

    /// <summary>Adds up all volumes: more than a hundred milliseconds for a hundred thousand backups, so not at every look.</summary>
    public async Task<IReadOnlyList<RemoteStock>> StocksAsync(DateTimeOffset recentSince, CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        return await connection.QueryAsync(
            """
            SELECT remote, sum(copy) AS copies, sum(bytes) AS bytes, sum(iif(published_at >= @since, bytes, 0)) AS recent, max(published_at) AS latest
            FROM (SELECT b.remote, b.published_at, b.state = 'published' AND b.pruning IS NULL AS copy,
                         iif(b.state = 'published', (SELECT coalesce(sum(v.size_bytes), 0) FROM volume v INDEXED BY volume_size WHERE v.backup_id = b.id), 0) AS bytes
                  FROM backup b WHERE b.published_at IS NOT NULL)
            GROUP BY remote
            """,
            row => new RemoteStock(row.Text("remote"), row.Number("copies"), row.Number("bytes"), row.Number("recent"), row.TimeOrNull("latest")),
            cancellationToken,
            ("@since", Sql.Instant(recentSince)));
    }

    /// <summary>Backups of archives that were made since then; not those that are skipped.</summary>
    public async Task<IReadOnlyList<DayBackup>> DaysAsync(DateTimeOffset since, CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);

        // By position, and times as numbers: tens of thousands of rows.
        return await connection.QueryAsync(
            "SELECT guest, remote, state, unixepoch(archive_time), unixepoch(published_at) FROM backup WHERE archive_time >= @since AND state <> 'skipped'",
            row => new DayBackup(
                row.GetInt32(0),
                row.GetString(1),
                BackupStates.FromWord(row.GetString(2)),
                DateTimeOffset.FromUnixTimeSeconds(row.GetInt64(3)),
                row.IsDBNull(4) ? null : DateTimeOffset.FromUnixTimeSeconds(row.GetInt64(4))),
            cancellationToken,
            ("@since", Sql.Instant(since)));
    }
}
