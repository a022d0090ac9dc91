using Microsoft.Data.Sqlite;
using Perb.Scheduler.Backups;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Discovery;

namespace Perb.Scheduler.Store;

/// <summary>What a worker is doing with a backup right now.</summary>
public sealed record Activity(string Step, int Volume, int VolumeCount, long DoneBytes, long TotalBytes, long BytesPerSecond)
{
    /// <summary><c>upload of volume 1/3, 45 % of 1.00 GiB, 40.0 MiB/s, 00:00:14 left</c></summary>
    public string InWords()
    {
        var percent = TotalBytes > 0 ? DoneBytes * 100 / TotalBytes : 100;
        var left = BytesPerSecond > 0 ? $", {TimeSpan.FromSeconds((TotalBytes - DoneBytes) / BytesPerSecond):c} left" : "";
        return $"{Step} of volume {Volume}/{VolumeCount}, {percent} % of {ByteSize.Format(TotalBytes)}, {ByteSize.Format(BytesPerSecond)}/s{left}";
    }
}

/// <summary>A guest, its newest archive and its newest verified copy on each remote; what a wrong clock dated does not count.</summary>
/// <param name="Exists">On this node, as last seen; null where nobody can tell, because the token is not shown all guests.</param>
public sealed record GuestCopies(
    int Guest, string GuestType, string? Name, bool? Exists, DateTimeOffset? NewestArchive, IReadOnlyDictionary<string, CopyProof> Copies)
{
    /// <summary>Null where it is not there now.</summary>
    public DateTimeOffset? FirstSeenAt { get; init; }

    public string? Pool { get; init; }

    public IReadOnlySet<string> Tags { get; init; } = new HashSet<string>();

    /// <summary>By some vzdump job; null where nobody can tell.</summary>
    public bool? IsCovered { get; init; }

    public bool IsRetired { get; init; }
}

/// <summary>The newest copy of a guest on a remote: when its archive was made, how it was proven, and when the last of its proofs was made anew.</summary>
public sealed record CopyProof(DateTimeOffset ArchiveTime, string? VerifiedHow, DateTimeOffset? VerifiedAt);

/// <summary>One line of a backup's history.</summary>
public sealed record BackupEvent(DateTimeOffset At, string Kind, string Text);

public sealed record Trouble(string Subject, DateTimeOffset Since, string Text)
{
    /// <summary>It will not mend itself.</summary>
    public bool NeedsPerson { get; init; }
}

/// <summary>What people ask: reads for status and list, and the few lasting facts that are not about one backup.</summary>
public sealed class StatusStore(Database database, TimeProvider time)
{
    private const string IsCopy = "p.state = 'published' AND p.verified_how IS NOT NULL AND p.pruning IS NULL";

    private static readonly IReadOnlyDictionary<string, CopyProof> NoCopies = new Dictionary<string, CopyProof>();

    public async Task<IReadOnlyList<Backup>> ListAsync(string? remote, int? guest, CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        var backups = await connection.QueryAsync(
            $"{BackupRow.Select} WHERE (@remote IS NULL OR b.remote = @remote) {(guest is null ? "" : "AND b.guest = @guest")}",
            BackupRow.Map,
            cancellationToken,
            ("@remote", remote),
            ("@guest", guest));

        // Sorted here: in the order of an index each row would be looked up in another page.
        return [.. backups.OrderBy(backup => backup.Guest).ThenBy(backup => backup.ArchiveTime).ThenBy(backup => backup.Remote, StringComparer.Ordinal)];
    }

    /// <summary>The backup of an id, or null.</summary>
    public async Task<Backup?> FindAsync(long id, CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        return (await connection.QueryAsync($"{BackupRow.Select} WHERE b.id = @id", BackupRow.Map, cancellationToken, ("@id", id))).SingleOrDefault();
    }

    /// <summary>What happened to a backup, oldest first.</summary>
    public async Task<IReadOnlyList<BackupEvent>> EventsAsync(long backupId, CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        return await connection.QueryAsync(
            "SELECT at, kind, text FROM event WHERE backup_id = @id ORDER BY id",
            row => new BackupEvent(row.Time("at"), row.Text("kind"), row.Text("text")),
            cancellationToken,
            ("@id", backupId));
    }

    /// <summary>Backups that still have to be carried, in the order in which they were found.</summary>
    public async Task<IReadOnlyList<(Backup Backup, Activity? Activity)>> QueueAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        var activities = await ActivityRow.CurrentAsync(connection, cancellationToken);
        var backups = await connection.QueryAsync(
            $"{BackupRow.Select} WHERE b.state IN ('discovered', 'verified', 'damaged') ORDER BY b.lease_until IS NULL, b.discovered_at, b.id",
            BackupRow.Map,
            cancellationToken);
        return [.. backups.Select(backup => (backup, activities.GetValueOrDefault(backup.Id)))];
    }

    /// <summary>Backups that a person should look at, latest first.</summary>
    public async Task<IReadOnlyList<Backup>> FailuresAsync(int limit, CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        return await connection.QueryAsync(
            $"""
            {BackupRow.Select}
            WHERE b.state IN ('failed', 'source-missing', 'lost', 'damaged') OR (b.failure IS NOT NULL AND b.state <> 'skipped')
            ORDER BY b.attempted_at DESC NULLS LAST, b.id DESC LIMIT @limit
            """,
            BackupRow.Map,
            cancellationToken,
            ("@limit", limit));
    }

    /// <remarks>
    /// Nothing is younger than its discovery, whatever a clock that was hours ahead dated it: the newest is that by the earlier of its two times.
    /// It is the newest of those that were not dated ahead, or one that is dated later still. Both are the last few of a guest by the index;
    /// its other archives are not looked at.
    /// </remarks>
    public async Task<IReadOnlyList<GuestCopies>> GuestsAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        var guests = (await connection.QueryAsync(
            "SELECT vm_id, guest_type, name, coalesce(first_seen_at, seen_at) AS first_seen_at, pool, tags, covered FROM guest",
            row => new GuestCopies((int)row.Number("vm_id"), row.Text("guest_type"), row.TextOrNull("name"), true, null, NoCopies)
            {
                FirstSeenAt = row.Time("first_seen_at"),
                Pool = row.TextOrNull("pool"),
                Tags = row.Text("tags").Split(' ', StringSplitOptions.RemoveEmptyEntries).ToHashSet(),
                IsCovered = row.NumberOrNull("covered") is { } covered ? covered != 0 : null,
            },
            cancellationToken)).ToDictionary(guest => guest.Guest);
        var latest = ("@latest", (object?)Sql.Instant(FoundArchive.LatestBelievable(time.GetUtcNow())));
        var archives = (await connection.QueryAsync(
            """
            WITH g AS (
                SELECT d.guest, (SELECT p.archive_time FROM backup p
                                 WHERE p.guest = d.guest AND p.archive_time <= @latest AND p.archive_time <= p.discovered_at
                                 ORDER BY p.archive_time DESC LIMIT 1) AS least
                FROM (SELECT DISTINCT guest FROM backup) d)
            SELECT g.guest, (SELECT b.guest_type FROM backup b WHERE b.guest = g.guest LIMIT 1) AS guest_type,
                   (SELECT max(min(p.archive_time, p.discovered_at)) FROM backup p
                    WHERE p.guest = g.guest AND p.archive_time >= coalesce(g.least, '') AND p.archive_time <= @latest) AS newest
            FROM g
            """,
            row => (Id: (int)row.Number("guest"), Type: row.Text("guest_type"), Newest: row.TimeOrNull("newest")),
            cancellationToken,
            latest)).ToDictionary(row => row.Id);
        var copies = (await CopiesAsync(connection, latest, cancellationToken)).ToLookup(row => row.Guest, row => (row.Remote, row.Proof));
        var allSeen = await connection.ScalarAsync<string>(
            "SELECT value FROM setting WHERE name = @name", cancellationToken, ("@name", DiscoveryStore.GuestsSeen)) is not null;
        var retired = (await connection.QueryAsync("SELECT guest FROM retired", row => (int)row.GetInt64(0), cancellationToken)).ToHashSet();

        return [.. guests.Keys.Union(archives.Keys).Order().Select(id =>
        {
            var archive = archives.GetValueOrDefault(id);
            var guest = guests.GetValueOrDefault(id) ?? new GuestCopies(id, archive.Type, null, allSeen ? false : null, null, NoCopies);
            return guest with
            {
                NewestArchive = archive.Newest,
                Copies = copies[id].ToDictionary(row => row.Remote, row => row.Proof),
                IsRetired = retired.Contains(id),
            };
        })];
    }

    /// <summary>How many guests this node had when they were last seen.</summary>
    public async Task<long> GuestsSeenAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        return await connection.ScalarAsync<long>("SELECT count(*) FROM guest", cancellationToken);
    }

    /// <summary>How many archives since then were found in a storage.</summary>
    public async Task<long> ArchivesFoundAsync(string storage, DateTimeOffset since, CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        return await connection.ScalarAsync<long>(
            "SELECT count(DISTINCT archive) FROM backup WHERE storage = @storage AND archive_time >= @since",
            cancellationToken,
            ("@storage", storage),
            ("@since", Sql.Instant(since)));
    }

    /// <summary>Remembers trouble from its first sight on; true where it is new or reads differently.</summary>
    public async Task<bool> RaiseAsync(string subject, string text, CancellationToken cancellationToken, bool needsPerson = false)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        return await connection.ExecuteAsync(
            """
            INSERT INTO trouble (subject, since, text, needs_person) VALUES (@subject, @now, @text, @needsPerson)
            ON CONFLICT (subject) DO UPDATE SET text = @text, needs_person = @needsPerson, since = min(since, @now)
                WHERE text <> @text OR needs_person <> @needsPerson OR since > @now
            """,
            cancellationToken,
            ("@subject", subject),
            ("@now", Sql.Instant(time.GetUtcNow())),
            ("@text", text),
            ("@needsPerson", needsPerson ? 1 : 0)) > 0;
    }

    /// <summary>The trouble is over; true where there was any.</summary>
    public async Task<bool> ClearAsync(string subject, CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        return await connection.ExecuteAsync(
            "DELETE FROM trouble WHERE subject = @subject", cancellationToken, ("@subject", subject)) > 0;
    }

    public async Task<IReadOnlyList<Trouble>> TroublesAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        return await connection.QueryAsync(
            "SELECT * FROM trouble ORDER BY since",
            row => new Trouble(row.Text("subject"), row.Time("since"), row.Text("text")) { NeedsPerson = row.Number("needs_person") != 0 },
            cancellationToken);
    }

    /// <summary>The path that was marked as this installation's when the remote was last opened, or null.</summary>
    public async Task<string?> MarkedPathAsync(string remote, CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        return await connection.ScalarAsync<string>(
            "SELECT value FROM setting WHERE name = @name", cancellationToken, ("@name", $"path of remote {remote}"));
    }

    public async Task NoteMarkedPathAsync(string remote, string path)
    {
        await using var connection = await database.ConnectAsync(CancellationToken.None);
        await connection.ExecuteAsync(
            "INSERT OR REPLACE INTO setting (name, value) VALUES (@name, @path)",
            CancellationToken.None,
            ("@name", $"path of remote {remote}"),
            ("@path", path));
    }

    public async Task NoteTimeAsync(string name, DateTimeOffset at, CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectRelaxedAsync(cancellationToken);
        await connection.ExecuteAsync(
            "INSERT OR REPLACE INTO setting (name, value) VALUES (@name, @value)",
            cancellationToken,
            ("@name", name),
            ("@value", Sql.Instant(at)));
    }

    public async Task<DateTimeOffset?> TimeOfAsync(string name, CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        var text = await connection.ScalarAsync<string>(
            "SELECT value FROM setting WHERE name = @name", cancellationToken, ("@name", name));
        return text is null ? null : Sql.ParseInstant(text);
    }

    private static Task<List<(int Guest, string Remote, CopyProof Proof)>> CopiesAsync(
        SqliteConnection connection, (string, object?) latest, CancellationToken cancellationToken) =>
        connection.QueryAsync(
            $"""
            WITH g AS (
                SELECT d.guest, d.remote, (SELECT p.archive_time FROM backup p
                                           WHERE p.guest = d.guest AND p.remote = d.remote AND {IsCopy}
                                             AND p.archive_time <= @latest AND p.archive_time <= p.discovered_at
                                           ORDER BY p.archive_time DESC LIMIT 1) AS least
                FROM (SELECT DISTINCT guest, remote FROM backup) d)
            SELECT g.guest, g.remote, min(b.archive_time, b.discovered_at) AS newest, b.verified_how, b.verified_at
            FROM g JOIN backup b ON b.id = (
                SELECT p.id FROM backup p
                WHERE p.guest = g.guest AND p.remote = g.remote AND {IsCopy}
                  AND p.archive_time >= coalesce(g.least, '') AND p.archive_time <= @latest
                ORDER BY min(p.archive_time, p.discovered_at) DESC, p.id DESC LIMIT 1)
            """,
            row => ((int)row.Number("guest"), row.Text("remote"), new CopyProof(row.Time("newest"), row.TextOrNull("verified_how"), row.TimeOrNull("verified_at"))),
            cancellationToken,
            latest);
}
