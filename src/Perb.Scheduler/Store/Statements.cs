using Microsoft.Data.Sqlite;

namespace Perb.Scheduler.Store;

/// <summary>
/// What one transaction does many times: each statement is compiled once. A first look at a full storage makes hundreds of thousands of them.
/// </summary>
/// <param name="connection">With its transaction begun.</param>
internal sealed class Statements(SqliteConnection connection) : IAsyncDisposable
{
    private readonly Dictionary<string, SqliteCommand> _compiled = new(StringComparer.Ordinal);

    public Task<int> ExecuteAsync(string sql, CancellationToken cancellationToken, params (string Name, object? Value)[] parameters) =>
        Compiled(sql, parameters).ExecuteNonQueryAsync(cancellationToken);

    public async Task<T?> ScalarAsync<T>(string sql, CancellationToken cancellationToken, params (string Name, object? Value)[] parameters) =>
        await Compiled(sql, parameters).ExecuteScalarAsync(cancellationToken) is T value ? value : default;

    public async ValueTask DisposeAsync()
    {
        foreach (var command in _compiled.Values)
        {
            await command.DisposeAsync();
        }
    }

    private SqliteCommand Compiled(string sql, (string Name, object? Value)[] parameters)
    {
        if (!_compiled.TryGetValue(sql, out var command))
        {
            return _compiled[sql] = connection.Prepare(sql, parameters);
        }

        foreach (var (name, value) in parameters)
        {
            command.Parameters[name].Value = value ?? DBNull.Value;
        }

        return command;
    }
}
