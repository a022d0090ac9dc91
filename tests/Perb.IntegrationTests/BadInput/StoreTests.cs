using Microsoft.Data.Sqlite;
using Perb.IntegrationTests.Installation;
using Perb.IntegrationTests.Transfer;

namespace Perb.IntegrationTests.BadInput;

/// <summary>A store that this program cannot use: 78, and it is left as it is.</summary>
public sealed class StoreTests(SharedKey key) : IClassFixture<SharedKey>
{
    [Fact]
    public async Task A_damaged_store_is_named_and_left_alone()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        Directory.CreateDirectory(perb.State);
        File.WriteAllText(perb.Store, new string('x', 10_000));

        foreach (var command in (string[])["once", "run", "list", "status"])
        {
            var ended = await perb.RunAsync(command);
            Assert.True(ended.ExitCode == 78, $"{command}: {ended.ExitCode} {ended.Errors}");
            OneLine.In(ended, perb.Store, "move it away", "perb rebuild");
        }

        Assert.Equal(10_000, new FileInfo(perb.Store).Length);
    }

    [Fact]
    public async Task A_store_that_is_damaged_inside_is_named()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        perb.AddArchive(101, TimeSpan.FromHours(1));
        (await perb.RunAsync("once")).Ok();
        await using (var file = File.OpenWrite(perb.Store))
        {
            file.Seek(4096, SeekOrigin.Begin);
            file.Write(new byte[file.Length - 4096]);
        }

        foreach (var command in (string[])["list", "status", "once"])
        {
            var ended = await perb.RunAsync(command);
            Assert.True(ended.ExitCode == 78, $"{command}: {ended.ExitCode} {ended.Errors}");
            OneLine.NoTrace(ended);
            Assert.Contains(perb.Store, ended.Errors, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_newer_store_is_refused_in_one_line()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        (await perb.RunAsync("once")).Ok();
        await using (var connection = new SqliteConnection($"Data Source={perb.Store};Pooling=false"))
        {
            await connection.OpenAsync(TestContext.Current.CancellationToken);
            await using var command = connection.CreateCommand();
            command.CommandText = "PRAGMA user_version = 99";
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        foreach (var command in (string[])["once", "run", "list", "status"])
        {
            var ended = await perb.RunAsync(command);
            Assert.True(ended.ExitCode == 78, $"{command}: {ended.ExitCode} {ended.Errors}");
            OneLine.In(ended, perb.Store, "newer perb", "99");
        }
    }
}
