using Microsoft.Data.Sqlite;
using Perb.IntegrationTests.Hook;
using Perb.IntegrationTests.Installation;
using Perb.IntegrationTests.Transfer;

namespace Perb.IntegrationTests.MainJob;

/// <summary>Disks that are full or may not be written, and a store that somebody else has locked: one clear line, and nothing is lost.</summary>
[Trait("Suite", "long")]
public sealed class DiskFaultTests(SharedKey key) : IClassFixture<SharedKey>
{
    [Fact]
    public async Task A_full_disk_under_staging_is_told_and_waited_for()
    {
        await using var perb = await StartAsync();
        using var disk = Mount.Memory(perb.PathOf("state", "staging"), "size=64m,mode=700,nr_inodes=2"); // room for bytes, none for a file
        var name = perb.AddArchive(101, TimeSpan.FromHours(1));

        await FailsAsync(perb, 75, "No space left on device");

        Remount(disk, "nr_inodes=100");
        (await perb.RunAsync("once")).Ok();
        perb.AssertWhole(name, volumes: 1);
    }

    [Fact]
    public async Task A_disk_that_loses_what_was_written_is_noticed_although_fsync_would_not_say_it_again()
    {
        await using var perb = await StartAsync();
        perb.Configure(("Encryption:VolumeSize", "64MiB"));
        var name = perb.AddArchive(101, TimeSpan.FromHours(1), 40 << 20);
        await Strace.RequireAsync();
        perb.Under = ["strace", "-f", "-q", "-o", "/dev/null", "-e", "trace=sync_file_range", "-e", "inject=sync_file_range:error=ENOSPC:when=3"];

        await FailsAsync(perb, 75, "No space left on device");

        perb.Under = [];
        (await perb.RunAsync("once")).Ok();
        perb.AssertWhole(name, volumes: 1);
    }

    [Fact]
    public async Task A_read_only_staging_is_told_and_waited_for()
    {
        await using var perb = await StartAsync();
        using var disk = Mount.Memory(perb.PathOf("state", "staging"), "size=64m,mode=700");
        Directory.CreateDirectory(perb.Staging);
        var name = perb.AddArchive(101, TimeSpan.FromHours(1));
        Remount(disk, "ro");

        await FailsAsync(perb, 75, "Read-only file system");

        Remount(disk, "rw");
        (await perb.RunAsync("once")).Ok();
        perb.AssertWhole(name, volumes: 1);
    }

    [Fact]
    public async Task A_full_disk_under_the_store_is_told_and_loses_nothing()
    {
        await using var perb = await StartAsync();
        using var disk = Mount.Memory(perb.PathOf("disk"), "size=1m,mode=700");
        perb.Configure(("Store:ConnectionString", $"Data Source={disk.Path}/perb.db"));
        var one = perb.AddArchive(101, TimeSpan.FromHours(1));
        (await perb.RunAsync("once")).Ok();
        var other = perb.AddArchive(102, TimeSpan.FromHours(1));
        Fill(Path.Combine(disk.Path, "foreign"));

        await FailsAsync(perb, 75, "the disk of the store is full or fails");
        Assert.DoesNotContain($"{other}.sums", perb.Objects());

        File.Delete(Path.Combine(disk.Path, "foreign"));
        (await perb.RunAsync("once")).Ok();
        Assert.Equal(
            [.. PerbInstallation.ObjectsOf(one, 1).Concat(PerbInstallation.ObjectsOf(other, 1)).Order(StringComparer.Ordinal), "perb.json"], perb.Objects());
    }

    [Theory]
    [InlineData("once")]
    [InlineData("run")]
    public async Task A_start_without_room_for_a_single_file_is_worth_another_try(string command)
    {
        await using var perb = await StartAsync();
        using var disk = Mount.Memory(perb.State, "size=64m,mode=700,nr_inodes=50");
        var name = perb.AddArchive(101, TimeSpan.FromHours(1));
        (await perb.RunAsync("once")).Ok();
        var foreign = Directory.CreateDirectory(Path.Combine(disk.Path, "foreign"));
        FillWithFiles(foreign.FullName);

        await FailsAsync(perb, 75, "No space left on device", command);

        foreign.Delete(recursive: true);
        (await perb.RunAsync("once")).Ok();
        perb.AssertWhole(name, volumes: 1);
    }

    [Fact]
    public async Task So_is_a_first_start()
    {
        await using var perb = await StartAsync();
        using var disk = Mount.Memory(perb.State, "size=64m,mode=700,nr_inodes=50");
        FillWithFiles(disk.Path);

        await FailsAsync(perb, 75, "No space left on device");
    }

    [Fact]
    public async Task A_read_only_state_directory_is_named()
    {
        await using var perb = await StartAsync();
        using var disk = Mount.Memory(perb.State, "size=64m,mode=700");
        var name = perb.AddArchive(101, TimeSpan.FromHours(1));
        (await perb.RunAsync("once")).Ok();
        Remount(disk, "ro");

        await FailsAsync(perb, 78, "Read-only file system");
        foreach (var command in (string[])["list", "status"])
        {
            var looked = await perb.RunAsync(command);
            Assert.True(looked.ExitCode is 0 or 78, $"{command}: {looked.ExitCode} {looked.Errors}");
            OneLine.NoTrace(looked);
        }

        Remount(disk, "rw");
        (await perb.RunAsync("once")).Ok();
        perb.AssertWhole(name, volumes: 1);
    }

    [Fact]
    public async Task A_store_that_another_program_has_locked_is_told()
    {
        await using var perb = await StartAsync();
        (await perb.RunAsync("once")).Ok();
        var name = perb.AddArchive(101, TimeSpan.FromHours(1));
        using (var connection = new SqliteConnection($"Data Source={perb.Store};Pooling=False"))
        {
            connection.Open();
            using var lockIt = connection.CreateCommand();
            lockIt.CommandText = "BEGIN IMMEDIATE";
            lockIt.ExecuteNonQuery();

            await FailsAsync(perb, 75, "the store is locked by another program");
            (await perb.RunAsync("list")).Ok();
        }

        (await perb.RunAsync("once")).Ok();
        perb.AssertWhole(name, volumes: 1);
    }

    private Task<PerbInstallation> StartAsync() => PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);

    private static async Task FailsAsync(PerbInstallation perb, int exitCode, string words, string command = "once")
    {
        var ended = await perb.RunAsync(command);
        Assert.True(ended.ExitCode == exitCode, $"{ended.ExitCode}: {ended.Errors}");
        OneLine.NoTrace(ended);
        Assert.Contains(words, ended.Errors, StringComparison.Ordinal);
    }

    private static void Remount(Mount disk, string options) =>
        Assert.True(Mount.Succeeds("mount", "-o", $"remount,{options}", disk.Path), $"cannot be remounted with {options}");

    private static void FillWithFiles(string directory)
    {
        try
        {
            for (var number = 0; ; number++)
            {
                File.Create(Path.Combine(directory, $"{number}")).Dispose();
            }
        }
        catch (IOException)
        {
            // That is what it is for.
        }
    }

    private static void Fill(string path)
    {
        using var file = new FileStream(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0 });
        try
        {
            while (true)
            {
                file.Write(new byte[4096]);
            }
        }
        catch (IOException)
        {
            // That is what it is for.
        }
    }
}
