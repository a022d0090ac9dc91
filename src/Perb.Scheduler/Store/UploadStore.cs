using Perb.Scheduler.Backups;

namespace Perb.Scheduler.Store;

/// <summary>What limits of a remote have to survive a restart: the bytes of the day, and until when nothing is sent.</summary>
public sealed class UploadStore(Database database, TimeProvider time)
{
    /// <summary>Counts bytes that are about to be sent, unless they would pass the limit. The first of a day always may: else it would never be its turn.</summary>
    /// <returns>False: nothing was counted.</returns>
    public async Task<bool> TryCountAsync(string remote, DateOnly day, long bytes, long limit, CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        return await connection.ExecuteAsync(
            """
            INSERT INTO upload_day (remote, day, bytes) VALUES (@remote, @day, @bytes)
            ON CONFLICT (remote, day) DO UPDATE SET bytes = bytes + @bytes WHERE bytes = 0 OR bytes + @bytes <= @limit
            """,
            cancellationToken,
            ("@remote", remote),
            ("@day", Word(day)),
            ("@bytes", bytes),
            ("@limit", limit)) > 0;
    }

    /// <summary>Of what was counted this was not sent after all.</summary>
    public async Task GiveBackAsync(string remote, DateOnly day, long bytes)
    {
        await using var connection = await database.ConnectAsync(CancellationToken.None);
        await connection.ExecuteAsync(
            "UPDATE upload_day SET bytes = max(0, bytes - @bytes) WHERE remote = @remote AND day = @day; DELETE FROM upload_day WHERE day < @day",
            CancellationToken.None,
            ("@remote", remote),
            ("@day", Word(day)),
            ("@bytes", bytes));
    }

    public async Task HoldAsync(HeldBack held)
    {
        await using var connection = await database.ConnectAsync(CancellationToken.None);
        await connection.ExecuteAsync(
            "INSERT OR REPLACE INTO held_back (remote, until, why) VALUES (@remote, @until, @why)",
            CancellationToken.None,
            ("@remote", held.Remote),
            ("@until", Sql.Instant(held.Until)),
            ("@why", held.Why));
    }

    /// <summary>What is held back now.</summary>
    public async Task<IReadOnlyList<HeldBack>> HeldAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        return await connection.QueryAsync(
            "SELECT * FROM held_back WHERE until > @now ORDER BY remote",
            row => new HeldBack(row.Text("remote"), row.Time("until"), row.Text("why")),
            cancellationToken,
            ("@now", Sql.Instant(time.GetUtcNow())));
    }

    /// <summary>The remote takes something again.</summary>
    public async Task ReleaseAsync(string remote, CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectRelaxedAsync(cancellationToken);
        await connection.ExecuteAsync("DELETE FROM held_back WHERE remote = @remote", cancellationToken, ("@remote", remote));
    }

    private static string Word(DateOnly day) => day.ToString("O", System.Globalization.CultureInfo.InvariantCulture);
}
