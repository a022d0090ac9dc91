using Microsoft.Data.Sqlite;
using Perb.Scheduler.Backups;
using Perb.Scheduler.Discovery;
using Perb.Scheduler.Wishes;

namespace Perb.Scheduler.Store;

/// <summary>A backup that somebody waits for.</summary>
public sealed record WatchedBackup(Backup Backup, bool IsSettled, bool IsClaimed, Activity? Activity);

/// <summary>
/// What people decide about single backups. Each wish is judged and written in one transaction, all of it or nothing, and writing it twice
/// is harmless. Unlike discovery it may take a backup out of a worker's hands: the worker notices that its claim is lost.
/// </summary>
public sealed class ByHandStore(Database database, TimeProvider time)
{
    public async Task<IReadOnlyList<WatchedBackup>> LookAsync(IReadOnlyCollection<long> ids, CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        return await LookAsync(connection, ids, cancellationToken);
    }

    /// <summary>Every archive to every remote, whatever the rules say and whatever became of it before.</summary>
    /// <param name="archives">What was named.</param>
    /// <param name="remotes">Names of configured remotes.</param>
    /// <param name="isThere">Whether the archive of a backup can still be shipped as it was recorded; null: it is not given away.</param>
    /// <param name="cancellationToken">Stops before anything is written.</param>
    public async Task<WishOutcome> ShipAsync(
        IReadOnlyList<FoundArchive> archives,
        IReadOnlyList<string> remotes,
        Func<Backup, CancellationToken, Task<bool?>> isThere,
        CancellationToken cancellationToken)
    {
        var (backups, already, conflicts) = (new List<long>(), new List<long>(), new List<string>());
        var keeping = await WithTheirArchiveAsync(archives, isThere, cancellationToken);
        await WriteAsync(
            async (connection, now) =>
            {
                await using var statements = new Statements(connection);
                foreach (var (archive, remote) in archives.SelectMany(archive => remotes.Select(remote => (archive, remote))))
                {
                    await new DiscoveryWriter(statements, now).InsertAsync(
                        new DiscoveryChange.Found(archive, remote, null, null), "named by a person", cancellationToken);
                    var known = await FindAsync(connection, remote, archive.Name.RemoteName, cancellationToken);
                    var keepsItsOwn = keeping.GetValueOrDefault(known.Backup.Id, true) || await IsAllSealedAsync(connection, known.Backup.Id, cancellationToken);
                    switch (Verdicts.OnShipping(known.Backup, archive, known.IsClaimed, keepsItsOwn))
                    {
                        case ShipVerdict.Conflict:
                            conflicts.Add(Conflict(archive, known.Backup));
                            continue;
                        case ShipVerdict.Already:
                            already.Add(known.Backup.Id);
                            break;
                        default:
                            await SetDueAsync(connection, known, archive, now, cancellationToken);
                            break;
                    }

                    backups.Add(known.Backup.Id);
                }
            },
            cancellationToken);
        return new WishOutcome { Backups = [.. backups.Distinct()], Already = [.. already.Distinct()], Conflicts = [.. conflicts.Distinct()] };
    }

    public Task<WishOutcome> SkipAsync(IReadOnlyList<long> ids, CancellationToken cancellationToken) => EachAsync(
        ids,
        known => Verdicts.RefusalToSkip(known.Backup, known.IsClaimed),
        (connection, known, now) => SetSkippedAsync(connection, known, now, cancellationToken),
        cancellationToken);

    public async Task<WishOutcome> RetryAsync(IReadOnlyList<long> ids, IReadOnlyList<string> remotes, CancellationToken cancellationToken)
    {
        var outcome = await EachAsync(
            ids,
            known => Verdicts.RefusalToRetry(known.Backup, remotes),
            (connection, known, now) => SetRetriedAsync(
                connection, known, known.Backup.State is BackupState.Failed or BackupState.Skipped, now, cancellationToken),
            cancellationToken);
        var published = (await LookAsync(outcome.Backups, cancellationToken)).Where(known => known.Backup.State == BackupState.Published);
        return outcome with { Already = [.. published.Select(known => known.Backup.Id)] };
    }

    /// <summary>All that failed, and all that wait after a failure.</summary>
    public async Task<WishOutcome> RetryAllAsync(IReadOnlyList<string> remotes, CancellationToken cancellationToken)
    {
        var backups = new List<long>();
        await WriteAsync(
            async (connection, now) =>
            {
                var ids = await connection.QueryAsync(
                    "SELECT id FROM backup WHERE state = 'failed' OR (state IN ('discovered', 'verified', 'damaged') AND next_attempt_at IS NOT NULL)",
                    row => row.GetInt64(0),
                    cancellationToken);
                foreach (var known in (await LookAsync(connection, ids, cancellationToken)).Where(known => remotes.Contains(known.Backup.Remote)))
                {
                    await SetRetriedAsync(connection, known, isChosen: false, now, cancellationToken);
                    backups.Add(known.Backup.Id);
                }
            },
            cancellationToken);
        return new WishOutcome { Backups = backups };
    }

    // Looked at before the store is locked for writing: a share may take its time to answer.
    private async Task<Dictionary<long, bool>> WithTheirArchiveAsync(
        IReadOnlyList<FoundArchive> archives, Func<Backup, CancellationToken, Task<bool?>> isThere, CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        var known = await connection.QueryAsync(
            $"{BackupRow.Select} WHERE b.remote_name IN (SELECT value FROM json_each(@names))",
            BackupRow.Map,
            cancellationToken,
            ("@names", $"[{string.Join(',', archives.Select(archive => $"\"{archive.Name.RemoteName}\""))}]"));
        var keeping = new Dictionary<long, bool>();
        foreach (var backup in known)
        {
            keeping[backup.Id] = await isThere(backup, cancellationToken) ?? true;
        }

        return keeping;
    }

    private async Task<WishOutcome> EachAsync(
        IReadOnlyList<long> ids,
        Func<WatchedBackup, string?> refusal,
        Func<SqliteConnection, WatchedBackup, string, Task> write,
        CancellationToken cancellationToken)
    {
        IReadOnlyList<string> faults = [];
        await WriteAsync(
            async (connection, now) =>
            {
                var known = await LookAsync(connection, ids, cancellationToken);
                faults =
                [
                    .. ids.Except(known.Select(one => one.Backup.Id)).Select(id => $"there is no backup {id}; perb list shows the ids"),
                    .. known.Select(refusal).OfType<string>(),
                ];
                foreach (var one in faults.Count == 0 ? known : [])
                {
                    await write(connection, one, now);
                }
            },
            cancellationToken);
        return faults.Count == 0 ? new WishOutcome { Backups = [.. ids.Distinct()] } : WishOutcome.Refused(ExitCode.Usage, faults);
    }

    // A worker that has it goes on; it is only remembered that a person wants it.
    private static async Task SetDueAsync(
        SqliteConnection connection, WatchedBackup known, FoundArchive archive, string now, CancellationToken cancellationToken)
    {
        await connection.ExecuteAsync(
            "UPDATE backup SET by_hand = 'ship' WHERE id = @id", cancellationToken, ("@id", known.Backup.Id));
        await using var statements = new Statements(connection);
        var isMoved = await new DiscoveryWriter(statements, now).MoveAsync(known.Backup.Id, archive, cancellationToken, byHand: true);
        await connection.ExecuteAsync(
            """
            UPDATE backup SET state = CASE WHEN state = 'verified' THEN state ELSE 'discovered' END,
                              attempt = 0, unexpected = 0, next_attempt_at = NULL, failure = NULL
            WHERE id = @id AND lease_token IS NULL
            """,
            cancellationToken,
            ("@id", known.Backup.Id));
        if (isMoved || known.Backup.ByHand is not ByHand.Ship)
        {
            await connection.AddEventAsync(known.Backup.Id, now, "asked for", $"perb ship: {archive.Path}", cancellationToken);
        }
    }

    private static async Task SetSkippedAsync(SqliteConnection connection, WatchedBackup known, string now, CancellationToken cancellationToken)
    {
        var changed = await connection.ExecuteAsync(
            """
            UPDATE backup SET state = 'skipped', by_hand = 'skip', failure = @reason, attempt = 0, unexpected = 0, next_attempt_at = NULL,
                              verified_at = NULL, verified_how = NULL, lease_token = NULL, lease_until = NULL
            WHERE id = @id AND (state <> 'skipped' OR by_hand IS NOT 'skip')
            """,
            cancellationToken,
            ("@id", known.Backup.Id),
            ("@reason", DiscoveryDiff.SkippedByPerson));
        if (changed > 0)
        {
            await connection.AddEventAsync(known.Backup.Id, now, BackupState.Skipped.Word(), "perb skip", cancellationToken);
        }
    }

    // What a person chose by its number must not be judged away by a rule at the next reconcile.
    private static async Task SetRetriedAsync(
        SqliteConnection connection, WatchedBackup known, bool isChosen, string now, CancellationToken cancellationToken)
    {
        var changed = await connection.ExecuteAsync(
            """
            UPDATE backup SET state = iif(state IN ('verified', 'damaged'), state, 'discovered'), by_hand = iif(@chosen, 'ship', by_hand),
                              attempt = 0, unexpected = 0, next_attempt_at = NULL, failure = NULL
            WHERE id = @id AND state IN ('discovered', 'verified', 'damaged', 'failed', 'skipped') AND lease_token IS NULL
            """,
            cancellationToken,
            ("@id", known.Backup.Id),
            ("@chosen", isChosen ? 1 : 0));
        if (changed > 0)
        {
            await connection.AddEventAsync(known.Backup.Id, now, "asked for", "perb retry", cancellationToken);
        }
    }

    private static async Task<bool> IsAllSealedAsync(SqliteConnection connection, long id, CancellationToken cancellationToken) =>
        await connection.ScalarAsync<long>($"SELECT {PlanRow.IsAllSealed("@id")}", cancellationToken, ("@id", id)) != 0;

    private static string Conflict(FoundArchive archive, Backup known) =>
        $"name conflict on {known.Remote}: {archive.Path} ({archive.SizeBytes} bytes of {archive.ModifiedAt:u}) is not shipped: {known.RemoteName} is "
        + $"backup {known.Id}, {known.State.Word()}, of {known.Path} ({known.SizeBytes} bytes of {known.ModifiedAt:u})";

    private static async Task<WatchedBackup> FindAsync(
        SqliteConnection connection, string remote, string remoteName, CancellationToken cancellationToken)
    {
        var id = await connection.ScalarAsync<long>(
            "SELECT id FROM backup WHERE remote = @remote AND remote_name = @name", cancellationToken, ("@remote", remote), ("@name", remoteName));
        return (await LookAsync(connection, [id], cancellationToken)).Single();
    }

    private static async Task<IReadOnlyList<WatchedBackup>> LookAsync(
        SqliteConnection connection, IReadOnlyCollection<long> ids, CancellationToken cancellationToken)
    {
        var activities = await ActivityRow.CurrentAsync(connection, cancellationToken);
        return await connection.QueryAsync(
            $"{BackupRow.Select} WHERE b.id IN (SELECT value FROM json_each(@ids)) ORDER BY b.id",
            row =>
            {
                var backup = BackupRow.Map(row);
                return new WatchedBackup(
                    backup, row.Number("settled") != 0, row.TextOrNull("lease_token") is not null, activities.GetValueOrDefault(backup.Id));
            },
            cancellationToken,
            ("@ids", Sql.List(ids)));
    }

    private async Task WriteAsync(Func<SqliteConnection, string, Task> write, CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        await using var transaction = (SqliteTransaction)await connection.BeginTransactionAsync(cancellationToken);
        await write(connection, Sql.Instant(time.GetUtcNow()));
        await transaction.CommitAsync(cancellationToken);
    }
}
