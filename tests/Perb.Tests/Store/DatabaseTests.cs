using Microsoft.Data.Sqlite;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Store;
using Perb.Scheduler.Wishes;

namespace Perb.Tests.Store;

public sealed class DatabaseTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("perb-database-");

    private string File => Path.Combine(_folder.FullName, "perb.db");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task A_store_is_made_once_and_opened_ever_after()
    {
        await Database.OpenForServiceAsync(File, TestStore.Stop);
        await Database.OpenForServiceAsync(File, TestStore.Stop);
        var database = await Database.OpenForReadingAsync(File, TestStore.Stop);

        Assert.Empty(await new StatusStore(database, TimeProvider.System).ListAsync(null, null, TestStore.Stop));
    }

    [Fact]
    public async Task A_store_of_the_first_version_keeps_what_it_holds_and_learns_the_rest()
    {
        using (var first = typeof(Database).Assembly.GetManifestResourceStream("Perb.Scheduler.Store.Migrations.0001_first.sql")!)
        using (var reader = new StreamReader(first))
        await using (var connection = new SqliteConnection($"Data Source={File};Pooling=false"))
        {
            await connection.OpenAsync(TestStore.Stop);
            await connection.ExecuteAsync(await reader.ReadToEndAsync(TestStore.Stop) + "; PRAGMA user_version = 1;", TestStore.Stop);
            await connection.ExecuteAsync(
                """
                INSERT INTO backup (remote, remote_name, guest, guest_type, archive, storage, node, path, size_bytes, modified_at, archive_time, state, discovered_at)
                VALUES ('r', '100-2026_11_20-02_00_01', 100, 'qemu', 'a', 'local', 'pve1', '/a', 1, '2026-11-20T02:00:01.0000000Z',
                        '2026-11-20T02:00:01.0000000Z', 'discovered', '2026-11-20T02:00:01.0000000Z')
                """,
                TestStore.Stop);
        }

        var database = await Database.OpenForServiceAsync(File, TestStore.Stop);

        var backup = Assert.Single(await new StatusStore(database, TimeProvider.System).ListAsync(null, null, TestStore.Stop));
        Assert.Equal(("local", null), (backup.Storage, backup.ByHand));
        Assert.Null(await new WishStore(database, TimeProvider.System).NextAsync(WishRow.Quick, TestStore.Stop));
    }

    [Fact]
    public async Task A_recorded_fact_waits_for_the_disk_and_readers_do_not_block_it()
    {
        var database = await Database.OpenForServiceAsync(File, TestStore.Stop);
        await using var connection = await database.ConnectAsync(TestStore.Stop);

        Assert.Equal("wal", await connection.ScalarAsync<string>("PRAGMA journal_mode", TestStore.Stop));
        Assert.Equal(2L, await connection.ScalarAsync<long>("PRAGMA synchronous", TestStore.Stop));
        Assert.Equal(1L, await connection.ScalarAsync<long>("PRAGMA foreign_keys", TestStore.Stop));
    }

    [Fact]
    public async Task Reading_before_the_first_start_says_what_to_do()
    {
        Assert.Contains("there is no store", await FaultAsync(Database.OpenForReadingAsync), StringComparison.Ordinal);
        Assert.False(System.IO.File.Exists(File));
    }

    [Fact]
    public async Task A_store_whose_first_start_is_not_through_is_not_there_yet()
    {
        await System.IO.File.WriteAllBytesAsync(File, [], TestStore.Stop);

        Assert.Contains("there is no store", await FaultAsync(Database.OpenForReadingAsync), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_store_that_is_not_up_to_date_is_not_read()
    {
        var database = await Database.OpenForServiceAsync(File, TestStore.Stop);
        await using (var connection = await database.ConnectAsync(TestStore.Stop))
        {
            await connection.ExecuteAsync("PRAGMA user_version = 1", TestStore.Stop);
        }

        Assert.Contains("older than this perb", await FaultAsync(Database.OpenForReadingAsync), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_store_of_a_newer_program_is_refused()
    {
        var database = await Database.OpenForServiceAsync(File, TestStore.Stop);
        await using (var connection = await database.ConnectAsync(TestStore.Stop))
        {
            await connection.ExecuteAsync("PRAGMA user_version = 999", TestStore.Stop);
        }

        Assert.Contains("written by a newer perb (schema 999", await FaultAsync(Database.OpenForServiceAsync), StringComparison.Ordinal);
        Assert.Contains("written by a newer perb", await FaultAsync(Database.OpenForReadingAsync), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_no_database_is_one_clear_line()
    {
        await System.IO.File.WriteAllTextAsync(File, new string('x', 10_000), TestStore.Stop);

        Assert.Contains($"the store {File} is damaged", await FaultAsync(Database.OpenForServiceAsync), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_database_is_one_clear_line()
    {
        var database = await Database.OpenForServiceAsync(File, TestStore.Stop);
        await using (var connection = await database.ConnectAsync(TestStore.Stop))
        {
            SqliteConnection.ClearPool(connection);
        }

        await using (var stream = System.IO.File.OpenWrite(File))
        {
            stream.Position = 100; // the root of the schema
            await stream.WriteAsync(Enumerable.Repeat((byte)0xff, 2000).ToArray(), TestStore.Stop);
        }

        Assert.Contains("is damaged", await FaultAsync(Database.OpenForReadingAsync), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_directory_that_is_not_there_is_one_clear_line()
    {
        var fault = Assert.Single((await Assert.ThrowsAsync<ConfigurationException>(
            () => Database.OpenForServiceAsync(Path.Combine(_folder.FullName, "none", "perb.db"), TestStore.Stop))).Faults);

        Assert.Contains("cannot be opened for writing", fault, StringComparison.Ordinal);
    }

    private async Task<string> FaultAsync(Func<string, CancellationToken, Task<Database>> open)
    {
        var fault = Assert.Single((await Assert.ThrowsAsync<ConfigurationException>(() => open(File, TestStore.Stop))).Faults);
        Assert.DoesNotContain('\n', fault);
        return fault;
    }
}
