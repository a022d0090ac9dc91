using System.Text.Json;
using Microsoft.Data.Sqlite;
using Perb.Scheduler.Wishes;

namespace Perb.Scheduler.Store;

/// <summary>Wishes from command to service and outcomes back, in the order in which they were asked for.</summary>
public sealed class WishStore(Database database, TimeProvider time)
{
    /// <summary>Long enough for whoever follows.</summary>
    public static readonly TimeSpan KeptFor = TimeSpan.FromDays(7);

    public async Task<long> AppendAsync(Wish wish, CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        return await connection.ScalarAsync<long>(
            "INSERT INTO wish (what, argument, asked_at) VALUES (@what, @argument, @now) RETURNING id",
            cancellationToken,
            ("@what", wish.Kind.Word()),
            ("@argument", JsonSerializer.Serialize(wish, WishJson.Default.Wish)),
            ("@now", Sql.Instant(time.GetUtcNow())));
    }

    /// <summary>The wish of a row that is to be carried out next, as it was written, or null.</summary>
    public async Task<(long Id, string Argument)?> NextAsync(WishRow inRow, CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        var rows = await connection.QueryAsync(
            "SELECT id, argument FROM wish WHERE outcome IS NULL AND (what IN ('prune', 'forget', 'verify')) = @isSlow ORDER BY id LIMIT 1",
            row => (row.Number("id"), row.Text("argument")),
            cancellationToken,
            ("@isSlow", inRow == WishRow.Slow));
        return rows.Count > 0 ? rows[0] : null;
    }

    /// <summary>Null: not carried out yet.</summary>
    public async Task<WishOutcome?> OutcomeOfAsync(long id, CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        var outcome = await connection.ScalarAsync<string>("SELECT outcome FROM wish WHERE id = @id", cancellationToken, ("@id", id));
        return outcome is null ? null : JsonSerializer.Deserialize(outcome, WishJson.Default.WishOutcome);
    }

    /// <summary>It was carried out; and what was long ago is forgotten.</summary>
    public async Task RecordAsync(long id, WishOutcome outcome)
    {
        var now = time.GetUtcNow();
        await using var connection = await database.ConnectAsync(CancellationToken.None);
        await using var transaction = (SqliteTransaction)await connection.BeginTransactionAsync(CancellationToken.None);
        await connection.ExecuteAsync(
            "UPDATE wish SET outcome = @outcome, done_at = @now WHERE id = @id AND outcome IS NULL",
            CancellationToken.None,
            ("@id", id),
            ("@outcome", JsonSerializer.Serialize(outcome, WishJson.Default.WishOutcome)),
            ("@now", Sql.Instant(now)));
        await connection.ExecuteAsync(
            "DELETE FROM wish WHERE done_at < @old", CancellationToken.None, ("@old", Sql.Instant(now - KeptFor)));
        await transaction.CommitAsync(CancellationToken.None);
    }
}
