using System.Text.Json;
using Microsoft.Data.Sqlite;
using Perb.Scheduler.Backups;

namespace Perb.Scheduler.Store;

/// <summary>What the store says of some archives at one moment.</summary>
/// <param name="Backups">Of each archive that was discovered, one per remote.</param>
/// <param name="Activities">What is being done now, by the backup's id.</param>
/// <param name="Troubles">Text by subject.</param>
public sealed record StoreView(
    IReadOnlyList<Backup> Backups, IReadOnlyDictionary<long, Activity> Activities, IReadOnlyDictionary<string, string> Troubles)
{
    /// <summary>When a service last looked for archives; null: never.</summary>
    public DateTimeOffset? PolledAt { get; init; }

    public static StoreView Empty { get; } = new([], new Dictionary<long, Activity>(), new Dictionary<string, string>());
}

/// <summary>
/// Looks at the store of a service that another user runs, and leaves nothing behind: read-only, so that SQLite's own files beside it
/// neither change hands nor are created while the service has them open. Each look is a connection of its own, which holds up no checkpoint.
/// </summary>
public sealed class StoreWindow(string path)
{
    /// <param name="archives">File names.</param>
    /// <param name="isServed">
    /// A service has it open. One that was stopped has put all into the one file, which is read as it lies: SQLite would put a log beside it.
    /// </param>
    /// <param name="cancellationToken">Ends the look.</param>
    /// <exception cref="SqliteException">It cannot be opened or read.</exception>
    public async Task<StoreView> LookAsync(IReadOnlyCollection<ArchiveName> archives, bool isServed, CancellationToken cancellationToken)
    {
        await using var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = $"{new Uri(path).AbsoluteUri}?{(isServed || File.Exists($"{path}-wal") ? "readonly_shm" : "immutable")}=1",
            Mode = SqliteOpenMode.ReadOnly,
            Pooling = false,
        }.ToString());
        await connection.OpenAsync(cancellationToken);
        var backups = await connection.QueryAsync(
            $"""
            {BackupRow.Select}
            WHERE b.guest IN (SELECT value FROM json_each(@guests)) AND b.archive IN (SELECT value FROM json_each(@archives))
            """,
            BackupRow.Map,
            cancellationToken,
            ("@guests", JsonSerializer.Serialize(archives.Select(archive => archive.VmId).Distinct())),
            ("@archives", JsonSerializer.Serialize(archives.Select(archive => archive.FileName))));
        var activities = await ActivityRow.CurrentAsync(connection, cancellationToken);
        var troubles = await connection.QueryAsync(
            "SELECT subject, text FROM trouble", row => (Subject: row.Text("subject"), Text: row.Text("text")), cancellationToken);
        var polledAt = await connection.ScalarAsync<string>("SELECT value FROM setting WHERE name = 'last poll'", cancellationToken);
        return new StoreView(backups, activities, troubles.ToDictionary(row => row.Subject, row => row.Text))
        {
            PolledAt = polledAt is null ? null : Sql.ParseInstant(polledAt),
        };
    }
}
