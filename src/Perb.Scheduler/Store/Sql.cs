using System.Globalization;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Perb.Scheduler.Store;

/// <summary>The few words that make plain ADO readable: SQL text beside its use, parameters by name, one row mapper.</summary>
internal static class Sql
{
    public static async Task<int> ExecuteAsync(
        this SqliteConnection connection, string sql, CancellationToken cancellationToken, params (string Name, object? Value)[] parameters)
    {
        await using var command = connection.Prepare(sql, parameters);
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public static async Task<T?> ScalarAsync<T>(
        this SqliteConnection connection, string sql, CancellationToken cancellationToken, params (string Name, object? Value)[] parameters)
    {
        await using var command = connection.Prepare(sql, parameters);
        return await command.ExecuteScalarAsync(cancellationToken) is T value ? value : default;
    }

    public static async Task<List<T>> QueryAsync<T>(
        this SqliteConnection connection,
        string sql,
        Func<SqliteDataReader, T> map,
        CancellationToken cancellationToken,
        params (string Name, object? Value)[] parameters)
    {
        await using var command = connection.Prepare(sql, parameters);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<T>();
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(map(reader));
        }

        return rows;
    }

    public static SqliteCommand Prepare(this SqliteConnection connection, string sql, params (string Name, object? Value)[] parameters)
    {
        var command = connection.CreateCommand();
#pragma warning disable CA2100 // Every text is a constant of this folder; values only ever go in as parameters.
        command.CommandText = sql;
#pragma warning restore CA2100
        foreach (var (name, value) in parameters)
        {
            command.Parameters.AddWithValue(name, value ?? DBNull.Value);
        }

        return command;
    }

    public static string Instant(DateTimeOffset instant) =>
        instant.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);

    /// <summary>By position: a list of all backups holds hundreds of thousands of them, and a format costs several times as much.</summary>
    public static DateTimeOffset ParseInstant(string text) => text is [_, _, _, _, '-', _, _, '-', _, _, 'T', _, _, ':', _, _, ':', _, _, '.', .., 'Z'] && text.Length == 28
        ? new DateTimeOffset(Digits(text, 0, 4), Digits(text, 5, 2), Digits(text, 8, 2), Digits(text, 11, 2), Digits(text, 14, 2), Digits(text, 17, 2), TimeSpan.Zero)
            .AddTicks(Digits(text, 20, 7))
        : throw new FormatException($"'{text}' is no instant of the store");

    /// <summary>For <c>IN (SELECT value FROM json_each(@ids))</c>: a parameter, however many.</summary>
    public static string List(IEnumerable<long> ids) => $"[{string.Join(',', ids)}]";

    // Text, whole numbers and whether there is any are asked of SQLite itself: the reader's own getters ask twice and thrice as often, and a list
    // of all backups asks for millions of columns. Where a column that must have a value has none, the reader's getter says so.
    public static string Text(this SqliteDataReader row, string column) =>
        row.TextOrNull(column) ?? row.GetString(row.GetOrdinal(column));

    public static string? TextOrNull(this SqliteDataReader row, string column) =>
        raw.sqlite3_column_text(row.Handle!, row.GetOrdinal(column)).utf8_to_string();

    public static long Number(this SqliteDataReader row, string column) =>
        row.NumberOrNull(column) ?? row.GetInt64(row.GetOrdinal(column));

    public static long? NumberOrNull(this SqliteDataReader row, string column)
    {
        var ordinal = row.GetOrdinal(column);
        return raw.sqlite3_column_type(row.Handle!, ordinal) == raw.SQLITE_NULL ? null : raw.sqlite3_column_int64(row.Handle!, ordinal);
    }

    public static DateTimeOffset Time(this SqliteDataReader row, string column) => ParseInstant(row.Text(column));

    public static DateTimeOffset? TimeOrNull(this SqliteDataReader row, string column) =>
        row.TextOrNull(column) is { } text ? ParseInstant(text) : null;

    public static byte[] Bytes(this SqliteDataReader row, string column) => row.GetFieldValue<byte[]>(row.GetOrdinal(column));

    private static int Digits(string text, int from, int count) => int.Parse(text.AsSpan(from, count), NumberStyles.None, CultureInfo.InvariantCulture);
}
