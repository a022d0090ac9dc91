using System.Text.Json;
using Microsoft.Data.Sqlite;
using Perb.ProxmoxClient;
using Perb.Scheduler.Backups;
using Perb.Scheduler.Discovery;

namespace Perb.Scheduler.Store;

/// <summary>A guest as the API last showed it.</summary>
public sealed record KnownGuest(int VmId, string GuestType, string? Name, string? Pool, IReadOnlySet<string> Tags)
{
    /// <summary>False: the token is not shown pools, so that none says nothing.</summary>
    public bool IsPoolSeen { get; init; } = true;

    /// <summary>Some vzdump job includes it; null where nobody can tell.</summary>
    public bool? IsCovered { get; init; }
}

/// <summary>What discovery knows and records. Every write is idempotent: sources are hints and may repeat themselves.</summary>
public sealed class DiscoveryStore(Database database)
{
    /// <summary>The setting that says when all guests were seen; absent where the last look could not see them all.</summary>
    internal const string GuestsSeen = "guests seen";

    public async Task<Dictionary<(string Remote, string RemoteName), KnownBackup>> LoadKnownAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        var rows = await connection.QueryAsync(
            $"""
            SELECT id, remote, remote_name, archive, state, storage, path, size_bytes, modified_at, settled, failure, by_hand,
                   -- Of interest before all is done, and far too many to look up after that.
                   state = 'discovered' AND EXISTS (SELECT 1 FROM plan p WHERE p.backup_id = backup.id) AS has_plan,
                   state = 'discovered' AND {PlanRow.IsAllSealed("backup.id")} AS is_all_sealed,
                   lease_token IS NOT NULL AS is_claimed
            FROM backup
            """,
            row => new KnownBackup(
                row.Number("id"),
                row.Text("remote"),
                row.Text("remote_name"),
                row.Text("archive"),
                BackupStates.FromWord(row.Text("state")),
                BackupRow.StorageOf(row),
                row.Text("path"),
                row.Number("size_bytes"),
                row.Time("modified_at"),
                row.Number("settled") != 0,
                row.Number("has_plan") != 0,
                row.Number("is_all_sealed") != 0,
                row.Number("is_claimed") != 0,
                row.TextOrNull("failure"),
                BackupRow.ByHandOf(row)),
            cancellationToken);
        return rows.ToDictionary(row => (row.Remote, row.RemoteName));
    }

    /// <summary>All changes of one listing, or none.</summary>
    /// <param name="changes">What a listing changed.</param>
    /// <param name="how">Which source found an archive, for the history of each new backup.</param>
    /// <param name="now">The instant that is recorded.</param>
    /// <param name="cancellationToken">Stops before anything is written.</param>
    /// <returns>The changes that took effect: a worker may have been quicker.</returns>
    public async Task<IReadOnlyList<DiscoveryChange>> ApplyAsync(
        IReadOnlyList<DiscoveryChange> changes, Func<FoundArchive, string> how, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (changes.Count == 0)
        {
            return [];
        }

        await using var connection = await database.ConnectAsync(cancellationToken);
        await using var transaction = (SqliteTransaction)await connection.BeginTransactionAsync(cancellationToken);
        await using var statements = new Statements(connection);
        var writer = new DiscoveryWriter(statements, Sql.Instant(now));
        var effective = new List<DiscoveryChange>();

        // What is new guest by guest, as the indexes have it: in any order, a first look at a full storage writes their pages over and over.
        foreach (var change in changes.OrderBy(change => (change as DiscoveryChange.Found)?.Archive.Name.VmId ?? 0))
        {
            if (await writer.WriteAsync(change, how, cancellationToken))
            {
                effective.Add(change);
            }
        }

        await transaction.CommitAsync(cancellationToken);
        return effective;
    }

    /// <summary>All guests of the node, as a token saw them that may see all: from now on any other guest is known to be gone.</summary>
    public async Task RecordGuestsAsync(IReadOnlyList<KnownGuest> guests, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        await using var transaction = (SqliteTransaction)await connection.BeginTransactionAsync(cancellationToken);
        await connection.ExecuteAsync(
            "DELETE FROM guest WHERE vm_id NOT IN (SELECT value FROM json_each(@ids))",
            cancellationToken,
            ("@ids", Sql.List(guests.Select(guest => (long)guest.VmId))));
        await using var statements = new Statements(connection);
        foreach (var guest in guests)
        {
            await RecordAsync(statements, guest, Sql.Instant(now), cancellationToken);
        }

        await connection.ExecuteAsync(
            "INSERT OR REPLACE INTO setting (name, value) VALUES (@name, @now)", cancellationToken, ("@name", GuestsSeen), ("@now", Sql.Instant(now)));
        await transaction.CommitAsync(cancellationToken);
    }

    // A number that went to a guest of the other type is another guest.
    private static Task<int> RecordAsync(Statements statements, KnownGuest guest, string now, CancellationToken cancellationToken) => statements.ExecuteAsync(
        """
        INSERT INTO guest (vm_id, guest_type, name, seen_at, first_seen_at, pool, tags, covered)
        VALUES (@id, @type, @name, @now, @now, @pool, @tags, @covered)
        ON CONFLICT (vm_id) DO UPDATE SET
            first_seen_at = CASE WHEN guest_type = @type THEN min(first_seen_at, @now) ELSE @now END,
            guest_type = @type, name = @name, seen_at = @now, pool = CASE WHEN @poolSeen THEN @pool ELSE pool END, tags = @tags, covered = @covered
        """,
        cancellationToken,
        ("@id", guest.VmId),
        ("@type", guest.GuestType),
        ("@name", guest.Name),
        ("@now", now),
        ("@pool", guest.Pool),
        ("@poolSeen", guest.IsPoolSeen ? 1 : 0),
        ("@tags", string.Join(' ', guest.Tags)),
        ("@covered", guest.IsCovered is { } covered ? covered ? 1 : 0 : null));

    /// <summary>The token may not see all guests now: those on record stay, and of any other nobody can say that it is gone.</summary>
    public async Task NoteGuestsUnseenAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        await connection.ExecuteAsync("DELETE FROM setting WHERE name = @name", cancellationToken, ("@name", GuestsSeen));
    }

    public async Task<IReadOnlySet<string>> NotedTasksAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        var upids = await connection.QueryAsync("SELECT upid FROM vzdump_task", row => row.GetString(0), cancellationToken);
        return upids.ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>Takes note of finished vzdump tasks, once what they made was listed. Old notes go; a poll looks back far less.</summary>
    public async Task NoteTasksAsync(IReadOnlyList<ProxmoxTask> tasks, DateTimeOffset forgetBefore, CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        await using var transaction = (SqliteTransaction)await connection.BeginTransactionAsync(cancellationToken);
        await connection.ExecuteAsync(
            "DELETE FROM vzdump_task WHERE ended_at < @old", cancellationToken, ("@old", Sql.Instant(forgetBefore)));
        foreach (var task in tasks)
        {
            await connection.ExecuteAsync(
                "INSERT INTO vzdump_task (upid, ended_at, status) VALUES (@upid, @ended, @status) ON CONFLICT DO NOTHING",
                cancellationToken,
                ("@upid", task.Upid.ToString()),
                ("@ended", Sql.Instant(task.EndedAt ?? task.StartedAt)),
                ("@status", task.ExitStatus!.Text));
        }

        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>Whether an archive waits for a listing: to be settled, or for its storage to be there again.</summary>
    public async Task<bool> NeedsListingAsync(IReadOnlyCollection<string> away, CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        return await connection.ScalarAsync<long>(
            """
            SELECT EXISTS (SELECT 1 FROM backup
                           WHERE state = 'discovered' AND (settled = 0 OR storage IN (SELECT value FROM json_each(@away))))
            """,
            cancellationToken,
            ("@away", JsonSerializer.Serialize(away))) != 0;
    }

    /// <summary>
    /// The archives that still need their file: for some remote not every volume is sealed. Of a damaged copy a volume that was sent and is not
    /// proven any more is perhaps to be sealed again.
    /// </summary>
    public async Task<IReadOnlySet<ArchiveFile>> UnsealedAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        var files = await connection.QueryAsync(
            """
            SELECT path, size_bytes, modified_at FROM backup
            WHERE state IN ('discovered', 'verified', 'damaged')
              AND coalesce((SELECT p.volume_count > (SELECT count(*) FROM volume v WHERE v.backup_id = p.backup_id
                                                     AND (backup.state <> 'damaged' OR v.verified_at IS NOT NULL OR v.uploaded_at IS NULL))
                            FROM plan p WHERE p.backup_id = backup.id), 1)
            """,
            row => new ArchiveFile(row.Text("path"), row.Number("size_bytes"), row.Time("modified_at")),
            cancellationToken);
        return files.ToHashSet();
    }
}
