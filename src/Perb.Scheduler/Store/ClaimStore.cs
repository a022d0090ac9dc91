using System.Text.Json;
using Perb.Scheduler.Backups;

namespace Perb.Scheduler.Store;

/// <summary>Who works on which backup, and which rclone works for them.</summary>
public sealed class ClaimStore(Database database, TimeProvider time)
{
    private static readonly string HasItsStorage =
        $"(b.storage NOT IN (SELECT value FROM json_each(@away)) OR b.by_hand IS 'ship' OR {PlanRow.IsAllSealed("b.id")})";

    private static readonly string Waits =
        "b.remote = @remote AND b.state IN ('discovered', 'verified', 'damaged') AND b.settled = 1 AND b.lease_token IS NULL AND b.pruning IS NULL AND "
        + HasItsStorage;

    /// <summary>For the holder of the state directory's lock alone: whoever held a lease before is dead.</summary>
    public async Task VoidLeasesAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        await connection.ExecuteAsync("UPDATE backup SET lease_token = NULL, lease_until = NULL", cancellationToken);
        await connection.ExecuteAsync("DELETE FROM activity", cancellationToken);
    }

    /// <summary>
    /// The next backup for a remote, or null: what has volumes in staging first (room comes back), then what a person wants shipped, then the
    /// guest whose newest copy there is oldest, within a guest the newest archive.
    /// </summary>
    /// <remarks>
    /// A clock that was wrong for a while may have recorded times far ahead. Nothing waits longer than the longest back-off, and no lease is
    /// longer than <see cref="Claim.Lease"/>: what says otherwise is void.
    /// </remarks>
    /// <param name="remote">The remote's configured name.</param>
    /// <param name="notAttemptedSince">Ignore back-off, but take nothing that was attempted since then (<c>perb once</c>).</param>
    /// <param name="only">Null, or the ids of the backups that may be taken.</param>
    /// <param name="away">Storages from which only what needs its archive no more is taken, and what a person asked for.</param>
    /// <param name="cancellationToken">Stops before a claim is made.</param>
    public async Task<Claim?> ClaimNextAsync(
        string remote, DateTimeOffset? notAttemptedSince, IReadOnlyCollection<long>? only, IReadOnlyCollection<string> away, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var token = Guid.NewGuid().ToString("N");
        await using var connection = await database.ConnectAsync(cancellationToken);
        var id = await connection.ScalarAsync<long>(
            $"""
            UPDATE backup SET lease_token = @token, lease_until = @until, attempted_at = @now
            WHERE id = (
                SELECT b.id FROM backup b INDEXED BY backup_open
                WHERE b.remote = @remote AND b.state IN ('discovered', 'verified', 'damaged') AND b.settled = 1 AND b.pruning IS NULL
                  AND (b.lease_until IS NULL OR b.lease_until < @now OR b.lease_until > @void)
                  AND CASE WHEN @since IS NULL THEN b.next_attempt_at IS NULL OR b.next_attempt_at <= @now OR b.next_attempt_at > @latest
                           ELSE b.attempted_at IS NULL OR b.attempted_at NOT BETWEEN @since AND @now END
                  AND (@only IS NULL OR b.id IN (SELECT value FROM json_each(@only))) AND {HasItsStorage}
                ORDER BY EXISTS (SELECT 1 FROM volume v WHERE v.backup_id = b.id AND v.verified_at IS NULL) DESC,
                         b.by_hand IS 'ship' DESC,
                         (SELECT max(p.archive_time) FROM backup p
                          WHERE p.guest = b.guest AND p.remote = b.remote AND p.state = 'published' AND p.verified_how IS NOT NULL AND p.pruning IS NULL) NULLS FIRST,
                         b.archive_time DESC
                LIMIT 1)
            RETURNING id
            """,
            cancellationToken,
            ("@token", token),
            ("@until", Sql.Instant(now + Claim.Lease)),
            ("@now", Sql.Instant(now)),
            ("@void", Sql.Instant(now + (2 * Claim.Lease))), // a claimer that read its clock a moment earlier must not see a new lease as void
            ("@latest", Sql.Instant(now + RetryPolicy.LongestWait)),
            ("@remote", remote),
            ("@since", notAttemptedSince is { } since ? Sql.Instant(since) : null),
            ("@only", only is null ? null : Sql.List(only)),
            ("@away", JsonSerializer.Serialize(away)));
        if (id == 0)
        {
            return null;
        }

        var rows = await connection.QueryAsync($"{BackupRow.Select} WHERE b.id = @id", BackupRow.Map, CancellationToken.None, ("@id", id));
        return new Claim(rows.Single(), token);
    }

    /// <summary>Whether any backup of a remote waits for a worker, be it due or not.</summary>
    public async Task<bool> AnyWaitsAsync(string remote, IReadOnlyCollection<string> away, CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        return await connection.ScalarAsync<long>(
            $"SELECT EXISTS (SELECT 1 FROM backup b WHERE {Waits})",
            cancellationToken,
            ("@remote", remote),
            ("@away", JsonSerializer.Serialize(away))) != 0;
    }

    /// <summary>
    /// When the next of those backups of a remote is due that were given a time; null where none was, though some may wait that were not tried yet
    /// (<see cref="AnyWaitsAsync"/>).
    /// </summary>
    public async Task<DateTimeOffset?> NextAttemptAtAsync(string remote, IReadOnlyCollection<string> away, CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        var next = await connection.ScalarAsync<string>(
            $"SELECT min(b.next_attempt_at) FROM backup b WHERE {Waits}",
            cancellationToken,
            ("@remote", remote),
            ("@away", JsonSerializer.Serialize(away)));
        return next is null ? null : Sql.ParseInstant(next);
    }

    /// <summary>Keeps a claim alive and shows what is being done; need not survive a power cut.</summary>
    /// <exception cref="LeaseLostException">Somebody else has it.</exception>
    public async Task RenewAsync(Claim claim, Activity? activity, CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectRelaxedAsync(cancellationToken);
        var renewed = await connection.ExecuteAsync(
            "UPDATE backup SET lease_until = @until WHERE id = @id AND lease_token = @token",
            cancellationToken,
            ("@until", Sql.Instant(time.GetUtcNow() + Claim.Lease)),
            ("@id", claim.Backup.Id),
            ("@token", claim.Token));
        if (renewed == 0)
        {
            throw await LeaseLostException.OfAsync(connection, claim);
        }

        if (activity is not null)
        {
            await ActivityRow.SetAsync(connection, claim, activity, Sql.Instant(time.GetUtcNow()), cancellationToken);
        }
    }

    /// <summary>Remembers which rclone writes an object for this claim: it outlives this program if that is killed.</summary>
    public async Task NoteUploaderAsync(Claim claim, string name, string process)
    {
        await using var connection = await database.ConnectRelaxedAsync(CancellationToken.None);
        var noted = await connection.ExecuteAsync(
            """
            INSERT OR REPLACE INTO uploader (backup_id, name, process)
            SELECT id, @name, @process FROM backup WHERE id = @id AND lease_token = @token
            """,
            CancellationToken.None,
            ("@name", name),
            ("@process", process),
            ("@id", claim.Backup.Id),
            ("@token", claim.Token));
        if (noted == 0)
        {
            throw await LeaseLostException.OfAsync(connection, claim);
        }
    }

    /// <summary>Every rclone that an earlier life may have left running, and the remote that it writes to.</summary>
    public async Task<IReadOnlyList<(string Remote, string Process)>> UploadersAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        return await connection.QueryAsync(
            "SELECT b.remote, u.process FROM uploader u JOIN backup b ON b.id = u.backup_id",
            row => (row.GetString(0), row.GetString(1)),
            cancellationToken);
    }

    /// <summary>The rclone that wrote an object when that was last known, or null.</summary>
    public async Task<string?> UploaderOfAsync(Claim claim, string name, CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        return await connection.ScalarAsync<string>(
            "SELECT process FROM uploader WHERE backup_id = @id AND name = @name", cancellationToken, ("@id", claim.Backup.Id), ("@name", name));
    }
}
