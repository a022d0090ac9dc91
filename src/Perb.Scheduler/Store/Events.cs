using Microsoft.Data.Sqlite;

namespace Perb.Scheduler.Store;

/// <summary>History: appended in the transaction that records the fact, never changed.</summary>
internal static class Events
{
    public static Task<int> AddEventAsync(
        this SqliteConnection connection, long? backupId, string at, string kind, string text, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(
            "INSERT INTO event (backup_id, at, kind, text) VALUES (@id, @at, @kind, @text)",
            cancellationToken,
            ("@id", backupId),
            ("@at", at),
            ("@kind", kind),
            ("@text", text));
}
