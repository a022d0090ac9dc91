using System.Globalization;
using System.Reflection;
using Microsoft.Data.Sqlite;
using Perb.Scheduler.Configuration;

namespace Perb.Scheduler.Store;

/// <summary>
/// The SQLite file: opened, checked, migrated. WAL, so that <c>perb status</c> reads while the service writes; <c>synchronous=FULL</c>, so
/// that a recorded fact survives a power cut. Connections are pooled and short-lived.
/// </summary>
public sealed class Database
{
    private readonly string _connectionString;

    private Database(string path)
    {
        Path = path;
        _connectionString = new SqliteConnectionStringBuilder { DataSource = path, ForeignKeys = true }.ToString();
    }

    public string Path { get; }

    /// <summary>Creates the file where there is none and brings an older one up to date; only the owner of the state directory does.</summary>
    /// <exception cref="ConfigurationException">Not a database, damaged, or newer than this program.</exception>
    /// <exception cref="IOException">The disk is full or fails.</exception>
    public static async Task<Database> OpenForServiceAsync(string path, CancellationToken cancellationToken)
    {
        var database = new Database(path);
        await database.CheckedAsync(
            async connection =>
            {
                await connection.ExecuteAsync("PRAGMA journal_mode = WAL", cancellationToken);
                await MigrateAsync(connection, cancellationToken);
            },
            cancellationToken);
        return database;
    }

    /// <summary>For commands that only look: the file must be there and of this version.</summary>
    /// <exception cref="ConfigurationException">As above, or not there yet.</exception>
    public static async Task<Database> OpenForReadingAsync(string path, CancellationToken cancellationToken)
    {
        if (ReadableFile.IsDenied(path))
        {
            throw new ConfigurationException(
                $"the store {path} cannot be read by {Environment.UserName}: run perb as the service's user (runuser -u perb -- perb status), or as root");
        }

        if (!File.Exists(path))
        {
            throw new ConfigurationException(NoStoreYet(path));
        }

        var database = new Database(path);
        await database.CheckedAsync(
            async connection =>
            {
                if (await VersionAsync(connection, cancellationToken) is var version && version < Migrations.Count)
                {
                    throw new ConfigurationException(version == 0
                        ? NoStoreYet(path)
                        : $"the store {path} is older than this perb: start the service to bring it up to date");
                }
            },
            cancellationToken);
        return database;
    }

    public async Task<SqliteConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        var connection = new SqliteConnection(_connectionString);
        await connection.OpenAsync(cancellationToken);
        await connection.ExecuteAsync("PRAGMA synchronous = FULL", cancellationToken);
        return connection;
    }

    /// <summary>For progress, which nobody misses after a power cut: commits do not wait for the disk (and still never harm the file).</summary>
    public async Task<SqliteConnection> ConnectRelaxedAsync(CancellationToken cancellationToken)
    {
        var connection = await ConnectAsync(cancellationToken);
        await connection.ExecuteAsync("PRAGMA synchronous = NORMAL", cancellationToken);
        return connection;
    }

    private static string NoStoreYet(string path) => $"there is no store {path} yet: start the service (perb run) or run perb once";

    private static readonly IReadOnlyList<string> Migrations = LoadMigrations();

    private static List<string> LoadMigrations()
    {
        var assembly = Assembly.GetExecutingAssembly();
        return [.. assembly.GetManifestResourceNames()
            .Where(name => name.EndsWith(".sql", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(name =>
            {
                using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
                return reader.ReadToEnd();
            })];
    }

    private async Task CheckedAsync(Func<SqliteConnection, Task> work, CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = await ConnectAsync(cancellationToken);
            if (await VersionAsync(connection, cancellationToken) is var version && version > Migrations.Count)
            {
                throw new ConfigurationException(
                    $"the store {Path} was written by a newer perb (schema {version}, this one knows {Migrations.Count}): install that version");
            }

            await work(connection);
        }
        catch (SqliteException exception) when (exception.SqliteErrorCode is SQLitePCL.raw.SQLITE_NOTADB or SQLitePCL.raw.SQLITE_CORRUPT)
        {
            throw new ConfigurationException(StoreFault.Damaged($"the store {Path}", exception));
        }
        catch (SqliteException exception)
            when (exception.SqliteErrorCode is SQLitePCL.raw.SQLITE_CANTOPEN or SQLitePCL.raw.SQLITE_READONLY)
        {
            RequireRoomForAFile();
            throw new ConfigurationException($"the store {Path} cannot be opened for writing: check its directory and owner, and whether its file system is read-only");
        }
    }

    // SQLite's own files beside the store need a name each. Where a full disk has none left, SQLite says no more than that it cannot open one.
    private void RequireRoomForAFile()
    {
        try
        {
            File.Create($"{Path}-room", bufferSize: 1, FileOptions.DeleteOnClose).Dispose();
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or IOException && !DiskFault.Passes(exception))
        {
            // Something else is wrong.
        }
    }

    // All steps or none: who reads meanwhile sees the old schema or the new one, and a crash leaves no half way.
    private static async Task MigrateAsync(SqliteConnection connection, CancellationToken cancellationToken)
    {
        await using var transaction = (SqliteTransaction)await connection.BeginTransactionAsync(cancellationToken);
        foreach (var step in Migrations.Skip((int)await VersionAsync(connection, cancellationToken)))
        {
            await connection.ExecuteAsync(step, cancellationToken);
        }

        await connection.ExecuteAsync(string.Create(CultureInfo.InvariantCulture, $"PRAGMA user_version = {Migrations.Count}"), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    private static async Task<long> VersionAsync(SqliteConnection connection, CancellationToken cancellationToken) =>
        await connection.ScalarAsync<long>("PRAGMA user_version", cancellationToken);
}
