using Microsoft.Data.Sqlite;
using Perb.Scheduler.Backups;

namespace Perb.Scheduler.Store;

/// <summary>Which copies the notes of their archives do not speak of yet.</summary>
public sealed class NoteStore(Database database, TimeProvider time)
{
    private const int AtOnce = 2000;

    /// <summary>Copies published since then, the first ones first. An archive outside of all storages has no notes.</summary>
    public async Task<IReadOnlyList<Backup>> DueAsync(DateTimeOffset publishedSince, CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        return await connection.QueryAsync(
            $"""
            {BackupRow.Select}
            WHERE b.state = 'published' AND b.noted IS NOT b.published_at AND b.published_at >= @since AND b.storage <> '' AND b.settled = 1
            ORDER BY b.published_at LIMIT {AtOnce}
            """,
            BackupRow.Map,
            cancellationToken,
            ("@since", Sql.Instant(publishedSince)));
    }

    /// <summary>Nothing more is to be written about this copy.</summary>
    /// <param name="backup">As it was read; one that was published anew meanwhile stays due.</param>
    /// <param name="kind">Of the event.</param>
    /// <param name="text">The line, or why there is none.</param>
    public async Task RecordAsync(Backup backup, string kind, string text)
    {
        await using var connection = await database.ConnectAsync(CancellationToken.None);
        await using var transaction = (SqliteTransaction)await connection.BeginTransactionAsync(CancellationToken.None);
        var recorded = await connection.ExecuteAsync(
            "UPDATE backup SET noted = published_at WHERE id = @id AND state = 'published' AND published_at = @published AND noted IS NOT published_at",
            CancellationToken.None,
            ("@id", backup.Id),
            ("@published", Sql.Instant(backup.PublishedAt!.Value)));
        if (recorded > 0)
        {
            await connection.AddEventAsync(backup.Id, Sql.Instant(time.GetUtcNow()), kind, text, CancellationToken.None);
        }

        await transaction.CommitAsync(CancellationToken.None);
    }
}
