using CliWrap;
using CliWrap.Buffered;
using Microsoft.Data.Sqlite;
using Perb.Scheduler.Backups;
using Perb.Scheduler.Discovery;
using Perb.Scheduler.Store;

namespace Perb.IntegrationTests.Hook;

/// <summary>Root looks at the store of a service that runs as another user: nothing that it leaves may lock that one out.</summary>
public sealed class StoreWindowTests : IDisposable
{
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("perb-window-");

    private string StorePath => Path.Combine(_folder.FullName, "perb #1?.db");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task A_look_while_the_service_has_the_store_open_creates_nothing_and_changes_no_owner()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, HookUnderTest.NeedsRoot);
        var name = await MakeStoreAsync();
        var database = await Database.OpenForServiceAsync(StorePath, Stop);
        await using (await database.ConnectAsync(Stop))
        {
            HookUnderTest.Run("chown", ["-R", "nobody", _folder.FullName]);
            var before = await FilesAsync();
            Assert.Equal(3, before.Length); // with -wal and -shm

            var view = await new StoreWindow(StorePath).LookAsync([name], isServed: true, Stop);

            Assert.Equal("r", Assert.Single(view.Backups).Remote);
            Assert.Equal(before, await FilesAsync());
        }

        Forget(database);
    }

    [Fact]
    public async Task A_look_just_after_the_service_stopped_leaves_only_what_is_the_services()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, HookUnderTest.NeedsRoot);
        var name = await MakeStoreAsync();
        HookUnderTest.Run("chown", ["-R", "nobody", _folder.FullName]);

        await Record.ExceptionAsync(() => new StoreWindow(StorePath).LookAsync([name], isServed: true, Stop));

        var user = (await FilesAsync())[0].Split(' ')[^4];
        Assert.NotEqual("0", user);
        Assert.All(await FilesAsync(), file => Assert.Equal(user, file.Split(' ')[^4]));
    }

    [Fact]
    public async Task A_look_at_the_store_of_a_service_that_was_stopped_sees_all_and_creates_nothing()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, HookUnderTest.NeedsRoot);
        var name = await MakeStoreAsync();
        HookUnderTest.Run("chown", ["-R", "nobody", _folder.FullName]);
        var before = await FilesAsync();

        var view = await new StoreWindow(StorePath).LookAsync([name], isServed: false, Stop);

        Assert.Equal("r", Assert.Single(view.Backups).Remote);
        Assert.Equal(before, await FilesAsync());
    }

    private async Task<ArchiveName> MakeStoreAsync()
    {
        Assert.True(ArchiveName.TryParse("vzdump-qemu-100-2026_11_20-02_00_01.vma.zst", out var name));
        var database = await Database.OpenForServiceAsync(StorePath, Stop);
        var at = DateTimeOffset.UnixEpoch;
        await new DiscoveryStore(database).ApplyAsync(
            [new DiscoveryChange.Found(new FoundArchive(name, "local", "pve1", "/" + name.FileName, 1, at, at, true), "r", null, null)],
            _ => "test",
            at,
            Stop);
        Forget(database);
        return name;
    }

    /// <summary>Closes what the pool keeps open; the last one takes <c>-wal</c> and <c>-shm</c> away.</summary>
    private static void Forget(Database database)
    {
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = database.Path, ForeignKeys = true }.ToString());
        SqliteConnection.ClearPool(connection);
    }

    /// <summary>Name, owner, mode and size of each file.</summary>
    private async Task<string[]> FilesAsync() => (await new Command("sh")
        .WithArguments(["-c", "stat -c '%n %u %g %a %s' *"])
        .WithWorkingDirectory(_folder.FullName)
        .ExecuteBufferedAsync(Stop)).StandardOutput.TrimEnd().Split('\n');
}
