using Microsoft.Data.Sqlite;

namespace Perb.Scheduler.Store;

/// <summary>History: appended in the transaction that records the fact, never changed.</summary>
internal static class Events
{
    private const string Insert = "INSERT INTO event (backup_id, at, kind, text) VALUES (@id, @at, @kind, @text)";

    public static Task<int> AddEventAsync(
        this SqliteConnection connection, long? backupId, string at, string kind, string text, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(Insert, cancellationToken, ("@id", backupId), ("@at", at), ("@kind", kind), ("@text", text));

    public static Task<int> AddEventAsync(
        this Statements statements, long? backupId, string at, string kind, string text, CancellationToken cancellationToken) =>
        statements.ExecuteAsync(Insert, cancellationToken, ("@id", backupId), ("@at", at), ("@kind", kind), ("@text", text));
}
