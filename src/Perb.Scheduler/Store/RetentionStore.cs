using System.Globalization;
using Microsoft.Data.Sqlite;
using Perb.Scheduler.Remotes;
using Perb.Transfer.Manifests;
using Perb.Transfer.Sealing;

namespace Perb.Scheduler.Store;

/// <summary>A backup and what it consists of on the remote, by this store's own record.</summary>
/// <param name="IsVerified">There is a proof of it.</param>
/// <param name="WasPublished">A manifest under its name is this store's own.</param>
/// <param name="IsSigned">It was published with a signature.</param>
/// <param name="ManifestBytes">Null: not recorded.</param>
/// <param name="PlannedVolumes">How many there are to be; null: nobody knows any more.</param>
/// <param name="Volumes">Names and sizes, in order.</param>
public sealed record StoredBackup(
    long Id,
    int Guest,
    string RemoteName,
    DateTimeOffset ArchiveTime,
    bool IsVerified,
    bool WasPublished,
    bool IsSigned,
    long? ManifestBytes,
    int? PlannedVolumes,
    IReadOnlyList<(string Name, long SizeBytes)> Volumes)
{
    public string ManifestName => RemoteName + Manifest.FileSuffix;

    public string SignatureName => ManifestName + Manifest.SignatureSuffix;

    /// <summary>Everything but the manifest, in the order in which it is removed: what vouches first, then the volumes from the last to the first.</summary>
    public IEnumerable<string> NamesBesideManifest => Volumes.Select(volume => volume.Name)
        .Union(Enumerable.Range(1, PlannedVolumes ?? 0).Select(number => VolumeNames.Of(RemoteName, number, PlannedVolumes!.Value)))
        .Reverse()
        .Prepend(SignatureName);

    /// <summary>Everything that is recorded of it is in a listing.</summary>
    public bool IsWholeIn(RemoteListing listing, bool asksForSigners) =>
        listing.Holds(ManifestName, ManifestBytes)
        && (!IsSigned || !asksForSigners || listing.Holds(SignatureName, null))
        && Volumes.All(volume => listing.Holds(volume.Name, volume.SizeBytes));
}

/// <summary>What the clock said when it was last looked at.</summary>
/// <param name="BootId">Steady clocks of two boots have nothing in common.</param>
public sealed record ClockLook(string BootId, DateTimeOffset Wall, long Steady);

/// <summary>
/// What retention reads and records. A removal is recorded before it begins. While the manifest is there it can be given up; without the manifest
/// it is carried to its end by the next run, wherever it was cut.
/// </summary>
public sealed class RetentionStore(Database database, TimeProvider time)
{
    private const int LatestEvents = 1000;

    private string Now => Sql.Instant(time.GetUtcNow());

    /// <summary>Every copy of a remote.</summary>
    public Task<IReadOnlyList<StoredBackup>> CopiesAsync(string remote, CancellationToken cancellationToken) =>
        ReadAsync(remote, "b.state = 'published' AND b.pruning IS NULL", cancellationToken);

    /// <summary>Every backup of a guest of which something may lie on a remote, a copy or not.</summary>
    public async Task<IReadOnlyList<StoredBackup>> SentAsync(string remote, int guest, CancellationToken cancellationToken) =>
    [
        .. (await ReadAsync(
            remote,
            """
            b.state <> 'pruned' AND b.pruning IS NULL AND (b.published_at IS NOT NULL
                OR EXISTS (SELECT 1 FROM plan p WHERE p.backup_id = b.id) OR EXISTS (SELECT 1 FROM volume v WHERE v.backup_id = b.id))
            """,
            cancellationToken)).Where(backup => backup.Guest == guest),
    ];

    /// <summary>Removals that were begun and did not end.</summary>
    public Task<IReadOnlyList<StoredBackup>> UnfinishedAsync(string remote, CancellationToken cancellationToken) =>
        ReadAsync(remote, "b.pruning IS NOT NULL", cancellationToken);

    /// <summary>From now on it is no copy any more, and nobody ships it.</summary>
    /// <param name="id">Of the backup.</param>
    /// <param name="reason">For its history.</param>
    /// <param name="isForgotten">Also what is no copy is removed.</param>
    /// <returns>False: it is not published any more, somebody works on it or removes it, or its guest is retired.</returns>
    public Task<bool> BeginAsync(long id, string reason, bool isForgotten) => SetAsync(
        id,
        $"""
        UPDATE backup SET pruning = @now
        WHERE id = @id AND pruning IS NULL AND lease_token IS NULL AND {(isForgotten ? "state <> 'pruned'" : "state = 'published'")}
          AND NOT EXISTS (SELECT 1 FROM retired r WHERE r.guest = backup.guest)
        """,
        "prune began",
        reason);

    /// <summary>Nothing of it was removed: it is what it was before.</summary>
    public Task CancelAsync(long id, string reason) => SetAsync(
        id, "UPDATE backup SET pruning = NULL WHERE id = @id AND pruning IS NOT NULL AND @now IS NOT NULL", "prune given up", reason);

    /// <summary>Nothing of it is left on the remote.</summary>
    public Task RecordPrunedAsync(long id) => SetAsync(
        id,
        """
        UPDATE backup SET state = 'pruned', pruning = NULL, failure = NULL, attempt = 0, next_attempt_at = NULL
        WHERE id = @id AND pruning IS NOT NULL AND @now IS NOT NULL
        """,
        "pruned",
        "removed from the remote");

    /// <summary>
    /// The latest time that was recorded lately: the clock cannot be earlier. Not the latest of all: a clock that was once far ahead would stop
    /// retention for ever.
    /// </summary>
    public async Task<DateTimeOffset?> LatestRecordAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        return await connection.ScalarAsync<string>(
            "SELECT max(at) FROM (SELECT at FROM event ORDER BY id DESC LIMIT @count)", cancellationToken, ("@count", LatestEvents)) is { } latest
                ? Sql.ParseInstant(latest)
                : null;
    }

    /// <summary>What the clock said at the last look for a remote; null before the first.</summary>
    public async Task<ClockLook?> LastLookAsync(string remote, CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        var look = await connection.ScalarAsync<string>("SELECT value FROM setting WHERE name = @name", cancellationToken, ("@name", LookOf(remote)));
        return look?.Split(' ') is [var boot, var wall, var steady]
            ? new ClockLook(boot, Sql.ParseInstant(wall), long.Parse(steady, CultureInfo.InvariantCulture))
            : null;
    }

    public async Task RecordLookAsync(string remote, ClockLook look)
    {
        await using var connection = await database.ConnectAsync(CancellationToken.None);
        await connection.ExecuteAsync(
            "INSERT OR REPLACE INTO setting (name, value) VALUES (@name, @value)",
            CancellationToken.None,
            ("@name", LookOf(remote)),
            ("@value", string.Create(CultureInfo.InvariantCulture, $"{look.BootId} {Sql.Instant(look.Wall)} {look.Steady}")));
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

    private static string LookOf(string remote) => $"clock at prune of {remote}";

    private async Task<IReadOnlyList<StoredBackup>> ReadAsync(string remote, string condition, CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        var volumes = (await connection.QueryAsync(
            $"""
            SELECT v.backup_id, v.name, v.size_bytes FROM volume v JOIN backup b ON b.id = v.backup_id
            WHERE b.remote = @remote AND {condition} ORDER BY v.backup_id, v.number
            """,
            row => (Backup: row.GetInt64(0), Name: row.GetString(1), SizeBytes: row.GetInt64(2)),
            cancellationToken,
            ("@remote", remote))).ToLookup(volume => volume.Backup, volume => (volume.Name, volume.SizeBytes));
        return await connection.QueryAsync(
            $"""
            SELECT b.id, b.guest, b.remote_name, b.archive_time, b.verified_how, b.published_at, b.manifest_bytes, b.is_signed,
                   (SELECT p.volume_count FROM plan p INDEXED BY plan_count WHERE p.backup_id = b.id) AS planned
            FROM backup b WHERE b.remote = @remote AND {condition} ORDER BY b.guest, b.archive_time
            """,
            row => new StoredBackup(
                row.Number("id"),
                (int)row.Number("guest"),
                row.Text("remote_name"),
                row.Time("archive_time"),
                row.TextOrNull("verified_how") is not null,
                row.TextOrNull("published_at") is not null,
                row.NumberOrNull("is_signed") == 1,
                row.NumberOrNull("manifest_bytes"),
                (int?)row.NumberOrNull("planned"),
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
