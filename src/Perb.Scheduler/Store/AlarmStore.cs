using System.Text.Json;
using Microsoft.Data.Sqlite;
using Perb.Scheduler.Backups;
using Perb.Scheduler.Notifying;

namespace Perb.Scheduler.Store;

/// <summary>What was done on a remote since some time, and how it stands.</summary>
public sealed record RemoteWeek(string Remote, long Published, long SealedBytes, long Copies, long Waiting);

/// <summary>A backup that a person should know of.</summary>
/// <param name="Others">How many older ones of its guest fare the same on that remote, where nobody can do anything for a single one.</param>
public sealed record BrokenBackup(Backup Backup, long Others);

/// <summary>A message that waits for its delivery.</summary>
public sealed record QueuedNotification(long Id, DateTimeOffset MadeAt, Notification Content, int Attempt, DateTimeOffset? NextAttemptAt);

/// <summary>What people were told, and messages on their way to them.</summary>
public sealed class AlarmStore(Database database, TimeProvider time)
{
    private const int MostQueued = 200;

    /// <summary>The setting that says when people were last told of a change.</summary>
    private const string AnnouncedAt = "last announcement";

    /// <summary>The setting that says which entries were told so far.</summary>
    private const string Entries = "notified entries";

    /// <summary>The setting that says when the last digest was made.</summary>
    private const string DigestAt = "last digest";

    /// <summary>
    /// Backups for these remotes that a person should know of, newest archives first; of missing archives and lost copies the newest of each
    /// guest and remote. Not those of retired guests; and neither a missing archive nor a lost copy once a newer copy of the guest is on that
    /// remote, since nobody can do anything about it any more.
    /// </summary>
    public async Task<IReadOnlyList<BrokenBackup>> BrokenAsync(IEnumerable<string> remotes, CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);

        // The planner would go by the remote, and look at every backup there.
        return await connection.QueryAsync(
            $"""
            WITH broken AS (SELECT b.id, count(*) AS count, max(b.archive_time) FROM backup b INDEXED BY backup_failure
            WHERE b.remote IN (SELECT value FROM json_each(@remotes))
              AND (b.state IN ('failed', 'source-missing', 'lost', 'damaged') OR (b.failure IS NOT NULL AND b.state <> 'skipped'))
              AND b.state IN ('failed', 'source-missing', 'lost', 'damaged', 'published')
              AND NOT EXISTS (SELECT 1 FROM retired r WHERE r.guest = b.guest)
              AND (b.state NOT IN ('source-missing', 'lost') OR NOT EXISTS (
                  SELECT 1 FROM backup n
                  WHERE n.guest = b.guest AND n.remote = b.remote AND n.state = 'published' AND n.verified_how IS NOT NULL AND n.pruning IS NULL
                    AND n.archive_time > b.archive_time))
            GROUP BY b.guest, b.remote, b.state, iif(b.state IN ('source-missing', 'lost'), NULL, b.id))
            SELECT x.*, broken.count FROM broken JOIN ({BackupRow.Select}) x ON x.id = broken.id ORDER BY x.archive_time DESC
            """,
            row => new BrokenBackup(BackupRow.Map(row), row.Number("count") - 1),
            cancellationToken,
            ("@remotes", JsonSerializer.Serialize(remotes)));
    }

    public async Task<IReadOnlyList<Alarm>> AlarmsAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        return await connection.QueryAsync("SELECT * FROM alarm ORDER BY since, key", Map, cancellationToken);
    }

    public Task<DateTimeOffset?> AnnouncedAtAsync(CancellationToken cancellationToken) => TimeOfAsync(AnnouncedAt, cancellationToken);

    public Task<DateTimeOffset?> DigestAtAsync(CancellationToken cancellationToken) => TimeOfAsync(DigestAt, cancellationToken);

    /// <summary>All of a look, or nothing: what is remembered as told is on its way.</summary>
    /// <param name="before">As they were read.</param>
    /// <param name="step">What the look came to.</param>
    /// <param name="message">Of the step's announcement; null where it has none.</param>
    /// <param name="entries">Who is told.</param>
    public async Task RecordAsync(IReadOnlyList<Alarm> before, AlarmStep step, Notification? message, IReadOnlyList<string> entries)
    {
        var known = before.ToDictionary(alarm => alarm.Key);
        var changed = step.Alarms.Where(alarm => !known.TryGetValue(alarm.Key, out var old) || old != alarm).ToList();
        var ended = known.Keys.Except(step.Alarms.Select(alarm => alarm.Key)).ToList();
        if (changed.Count + ended.Count == 0 && message is null)
        {
            return;
        }

        await using var connection = await database.ConnectAsync(CancellationToken.None);
        await using var transaction = (SqliteTransaction)await connection.BeginTransactionAsync(CancellationToken.None);
        await using var statements = new Statements(connection);
        foreach (var key in ended)
        {
            await statements.ExecuteAsync("DELETE FROM alarm WHERE key = @key", CancellationToken.None, ("@key", key));
        }

        foreach (var alarm in changed)
        {
            await SaveAsync(statements, alarm);
        }

        if (message is not null)
        {
            await QueueAsync(statements, message, entries);
            if (step.Announcement is { IsReminder: false })
            {
                await SetAsync(statements, AnnouncedAt, message.At);
            }
        }

        await transaction.CommitAsync(CancellationToken.None);
    }

    /// <summary>The names of the entries that were told so far.</summary>
    public async Task<IReadOnlyList<string>> EntriesAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        var names = await connection.ScalarAsync<string>("SELECT value FROM setting WHERE name = @name", cancellationToken, ("@name", Entries));
        return names?.Split('\n') ?? [];
    }

    /// <param name="entries">All that are configured.</param>
    /// <param name="fresh">Those that were not told anything yet.</param>
    /// <param name="message">For these; null: there is nothing to tell.</param>
    public async Task RecordEntriesAsync(IReadOnlyList<string> entries, IReadOnlyList<string> fresh, Notification? message)
    {
        await using var connection = await database.ConnectAsync(CancellationToken.None);
        await using var transaction = (SqliteTransaction)await connection.BeginTransactionAsync(CancellationToken.None);
        await using var statements = new Statements(connection);
        if (message is not null)
        {
            await QueueAsync(statements, message, fresh);
        }

        await statements.ExecuteAsync(
            "INSERT OR REPLACE INTO setting (name, value) VALUES (@name, @value)", CancellationToken.None, ("@name", Entries), ("@value", string.Join('\n', entries)));
        await transaction.CommitAsync(CancellationToken.None);
    }

    /// <param name="digest">Null: none was due; the next week begins.</param>
    public async Task RecordDigestAsync(Notification? digest, IReadOnlyList<string> entries)
    {
        await using var connection = await database.ConnectAsync(CancellationToken.None);
        await using var transaction = (SqliteTransaction)await connection.BeginTransactionAsync(CancellationToken.None);
        await using var statements = new Statements(connection);
        if (digest is not null)
        {
            await QueueAsync(statements, digest, entries);
        }

        await SetAsync(statements, DigestAt, time.GetUtcNow());
        await transaction.CommitAsync(CancellationToken.None);
    }

    /// <summary>What was done since then, by remote.</summary>
    public async Task<IReadOnlyList<RemoteWeek>> WeekAsync(DateTimeOffset since, CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        return await connection.QueryAsync(
            """
            SELECT remote,
                   coalesce(sum(state = 'published' AND published_at >= @since), 0) AS published,
                   coalesce(sum(CASE WHEN published_at >= @since
                                     THEN (SELECT sum(v.size_bytes) FROM volume v WHERE v.backup_id = backup.id) END), 0) AS bytes,
                   coalesce(sum(state = 'published' AND verified_how IS NOT NULL AND pruning IS NULL), 0) AS copies,
                   coalesce(sum(state IN ('discovered', 'verified', 'damaged')), 0) AS waiting
            FROM backup GROUP BY remote
            """,
            row => new RemoteWeek(row.Text("remote"), row.Number("published"), row.Number("bytes"), row.Number("copies"), row.Number("waiting")),
            cancellationToken,
            ("@since", Sql.Instant(since)));
    }

    /// <summary>The oldest message of an entry but these; null: none waits.</summary>
    public async Task<QueuedNotification?> OldestAsync(string entry, IEnumerable<long> but, CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        return (await connection.QueryAsync(
            "SELECT * FROM notification WHERE entry = @entry AND id NOT IN (SELECT value FROM json_each(@but)) ORDER BY id LIMIT 1",
            MapQueued,
            cancellationToken,
            ("@entry", entry),
            ("@but", Sql.List(but)))).SingleOrDefault();
    }

    /// <summary>All that waits for an entry, oldest first.</summary>
    public async Task<IReadOnlyList<QueuedNotification>> WaitingAsync(string entry, CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        return await connection.QueryAsync("SELECT * FROM notification WHERE entry = @entry ORDER BY id", MapQueued, cancellationToken, ("@entry", entry));
    }

    /// <summary>Those messages of an entry that were tried, and wait for another attempt.</summary>
    public async Task<IReadOnlyList<long>> FailedAsync(string entry, CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        return await connection.QueryAsync(
            "SELECT id FROM notification WHERE entry = @entry AND attempt > 0", row => row.GetInt64(0), cancellationToken, ("@entry", entry));
    }

    /// <summary>One message for several, in the place of the last; the first, which was tried, says when it is tried.</summary>
    public async Task ReplaceAsync(IReadOnlyList<QueuedNotification> messages, Notification one)
    {
        await using var connection = await database.ConnectAsync(CancellationToken.None);
        await using var transaction = (SqliteTransaction)await connection.BeginTransactionAsync(CancellationToken.None);
        await connection.ExecuteAsync(
            """
            UPDATE notification SET content = @content, (attempt, next_attempt_at, failure) =
                (SELECT attempt, next_attempt_at, failure FROM notification WHERE id = @first) WHERE id = @last;
            DELETE FROM notification WHERE id IN (SELECT value FROM json_each(@others));
            """,
            CancellationToken.None,
            ("@content", one.ToJson()),
            ("@first", messages[0].Id),
            ("@last", messages[^1].Id),
            ("@others", Sql.List(messages.SkipLast(1).Select(message => message.Id))));
        await transaction.CommitAsync(CancellationToken.None);
    }

    /// <summary>It was delivered, or nobody tries any more.</summary>
    public async Task RemoveAsync(long id)
    {
        await using var connection = await database.ConnectAsync(CancellationToken.None);
        await connection.ExecuteAsync("DELETE FROM notification WHERE id = @id", CancellationToken.None, ("@id", id));
    }

    public async Task PostponeAsync(long id, DateTimeOffset nextAttemptAt, string failure)
    {
        await using var connection = await database.ConnectAsync(CancellationToken.None);
        await connection.ExecuteAsync(
            "UPDATE notification SET attempt = attempt + 1, next_attempt_at = @next, failure = @failure WHERE id = @id",
            CancellationToken.None,
            ("@id", id),
            ("@next", Sql.Instant(nextAttemptAt)),
            ("@failure", failure));
    }

    /// <summary>Messages of entries that are not configured any more will never be delivered.</summary>
    public async Task ForgetOthersAsync(IEnumerable<string> entries, CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        await connection.ExecuteAsync(
            "DELETE FROM notification WHERE instr(@entries, char(10) || entry || char(10)) = 0",
            cancellationToken,
            ("@entries", $"\n{string.Join('\n', entries)}\n"));
    }

    /// <summary>The last lines of all histories, oldest first.</summary>
    public async Task<IReadOnlyList<string>> TailAsync(int lines, CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        var tail = await connection.QueryAsync(
            """
            SELECT e.at, e.kind, e.text, b.remote_name, b.remote FROM event e LEFT JOIN backup b ON b.id = e.backup_id ORDER BY e.id DESC LIMIT @lines
            """,
            row => $"{row.Text("at")[..19]}Z {row.TextOrNull("remote_name")} {row.TextOrNull("remote")} {row.Text("kind")}: {row.Text("text")}",
            cancellationToken,
            ("@lines", lines));
        tail.Reverse();
        return tail;
    }

    private async Task<DateTimeOffset?> TimeOfAsync(string name, CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        return await connection.ScalarAsync<string>("SELECT value FROM setting WHERE name = @name", cancellationToken, ("@name", name)) is { } text
            ? Sql.ParseInstant(text)
            : null;
    }

    private static Task<int> SetAsync(Statements statements, string name, DateTimeOffset at) => statements.ExecuteAsync(
        "INSERT OR REPLACE INTO setting (name, value) VALUES (@name, @value)", CancellationToken.None, ("@name", name), ("@value", Sql.Instant(at)));

    private static async Task QueueAsync(Statements statements, Notification message, IReadOnlyList<string> entries)
    {
        var content = message.ToJson();
        foreach (var entry in entries)
        {
            await statements.ExecuteAsync(
                "INSERT INTO notification (entry, made_at, content) VALUES (@entry, @at, @content)",
                CancellationToken.None,
                ("@entry", entry),
                ("@at", Sql.Instant(message.At)),
                ("@content", content));
            await statements.ExecuteAsync(
                "DELETE FROM notification WHERE entry = @entry AND id NOT IN (SELECT id FROM notification WHERE entry = @entry ORDER BY id DESC LIMIT @most)",
                CancellationToken.None,
                ("@entry", entry),
                ("@most", MostQueued));
        }
    }

    private static Task<int> SaveAsync(Statements statements, Alarm alarm) => statements.ExecuteAsync(
        """
        INSERT OR REPLACE INTO alarm (key, code, subject, guest, headline, text, since, noticed_at, told_at, reminded_at, gone_at)
        VALUES (@key, @code, @subject, @guest, @headline, @text, @since, @noticed, @told, @reminded, @gone)
        """,
        CancellationToken.None,
        ("@key", alarm.Key),
        ("@code", alarm.Code),
        ("@subject", alarm.Subject),
        ("@guest", alarm.Guest),
        ("@headline", alarm.Headline),
        ("@text", alarm.Text),
        ("@since", Sql.Instant(alarm.Since)),
        ("@noticed", Sql.Instant(alarm.NoticedAt)),
        ("@told", Instant(alarm.ToldAt)),
        ("@reminded", Instant(alarm.RemindedAt)),
        ("@gone", Instant(alarm.GoneAt)));

    private static string? Instant(DateTimeOffset? at) => at is { } known ? Sql.Instant(known) : null;

    private static QueuedNotification MapQueued(SqliteDataReader row) => new(
        row.Number("id"), row.Time("made_at"), Notification.FromJson(row.Text("content")), (int)row.Number("attempt"), row.TimeOrNull("next_attempt_at"));

    private static Alarm Map(SqliteDataReader row) => new(
        row.Text("key"),
        row.Text("code"),
        row.Text("subject"),
        (int?)row.NumberOrNull("guest"),
        row.Text("headline"),
        row.Text("text"),
        row.Time("since"),
        row.Time("noticed_at"),
        row.TimeOrNull("told_at"),
        row.TimeOrNull("reminded_at"),
        row.TimeOrNull("gone_at"));
}
