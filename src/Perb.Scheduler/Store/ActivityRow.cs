using Microsoft.Data.Sqlite;

namespace Perb.Scheduler.Store;

/// <summary>Columns to <see cref="Activity"/> and back.</summary>
internal static class ActivityRow
{
    /// <summary>What is being done now, by the backup's id.</summary>
    public static async Task<Dictionary<long, Activity>> CurrentAsync(SqliteConnection connection, CancellationToken cancellationToken) =>
        (await connection.QueryAsync(
            "SELECT a.* FROM activity a JOIN backup b ON b.id = a.backup_id WHERE b.lease_token IS NOT NULL",
            row => (Id: row.Number("backup_id"), Activity: Map(row)),
            cancellationToken)).ToDictionary(row => row.Id, row => row.Activity);

    private static Activity Map(SqliteDataReader row) => new(
        row.Text("step"),
        (int)row.Number("volume"),
        (int)row.Number("volume_count"),
        row.Number("done_bytes"),
        row.Number("total_bytes"),
        row.Number("bytes_per_second"));

    /// <summary>Only while the claim holds: it may end right before this.</summary>
    public static Task<int> SetAsync(
        SqliteConnection connection, Claim claim, Activity activity, string now, CancellationToken cancellationToken) => connection.ExecuteAsync(
        """
        INSERT OR REPLACE INTO activity (backup_id, step, volume, volume_count, done_bytes, total_bytes, bytes_per_second, updated_at)
        SELECT id, @step, @volume, @volumeCount, @done, @total, @rate, @now FROM backup WHERE id = @id AND lease_token = @token
        """,
        cancellationToken,
        ("@id", claim.Backup.Id),
        ("@token", claim.Token),
        ("@step", activity.Step),
        ("@volume", activity.Volume),
        ("@volumeCount", activity.VolumeCount),
        ("@done", activity.DoneBytes),
        ("@total", activity.TotalBytes),
        ("@rate", activity.BytesPerSecond),
        ("@now", now));
}
