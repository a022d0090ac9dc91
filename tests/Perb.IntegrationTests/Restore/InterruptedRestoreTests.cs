using Perb.IntegrationTests.Hook;
using Perb.IntegrationTests.Installation;
using Perb.IntegrationTests.Transfer;
using Perb.TestKit;

namespace Perb.IntegrationTests.Restore;

/// <summary>Killed and stopped restores, by an installation's own configuration: what was done is not done again.</summary>
[Trait("Suite", "long")]
public sealed class InterruptedRestoreTests(SharedKey key) : IClassFixture<SharedKey>
{
    private const int ArchiveBytes = 22 << 20; // six volumes

    [Fact]
    public async Task A_killed_restore_goes_on_after_the_last_volume_that_was_on_the_disk()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var (name, rclone, to) = await ShipAsync(perb);

        // At most three volumes are there at once: the fifth is asked for only after the second was written and is not needed any more.
        rclone.Kills("*copyto*005-of-006.enc*");
        Assert.Equal(137, (await RestoreAsync(perb, name, to)).ExitCode);
        Assert.Empty(Directory.GetFiles(to));

        var ended = await RestoreAsync(perb, "101", to);

        Assert.True(ended.ExitCode == 0, ended.Errors);
        Assert.Contains("Going on with", ended.Errors, StringComparison.Ordinal);
        AssertRestored(perb, name, to);
        Assert.Equal([2, 2, 2, 2, 3, 2], Enumerable.Range(1, 6).Select(number => rclone.Copies($"{name}.{number:D3}-of-006.enc")));
    }

    [Fact]
    public async Task A_stopped_restore_leaves_no_archive_and_goes_on_when_it_is_called_again()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var (name, rclone, to) = await ShipAsync(perb);
        rclone.Holds("*copyto*005-of-006.enc*", until: perb.PathOf("never"));

        await using (var restore = Start(perb, name, to))
        {
            await Eventually.HoldsAsync("rclone is held", () => rclone.Copies($"{name}.005-of-006.enc") == 2);
            Assert.Equal(75, await restore.TerminateAsync());
            Assert.Contains("nothing is lost", restore.Output, StringComparison.Ordinal);
        }

        Assert.Empty(Directory.GetFiles(to));
        rclone.Mend();
        Assert.Equal(0, (await RestoreAsync(perb, name, to)).ExitCode);
        AssertRestored(perb, name, to);
    }

    [Fact]
    public async Task A_disk_that_fills_meanwhile_ends_it_with_one_line_and_it_goes_on_when_there_is_room()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var (name, rclone, to) = await ShipAsync(perb);
        using var disk = Mount.Memory(to, "size=64m,mode=700");
        rclone.Holds("*copyto*004-of-006.enc*", until: perb.PathOf("go"));
        await using (var restore = Start(perb, name, to))
        {
            await Eventually.HoldsAsync("rclone is held", () => rclone.Copies($"{name}.004-of-006.enc") == 2);
            Fill(Path.Combine(to, "others"));
            File.WriteAllText(perb.PathOf("go"), "");

            Assert.Equal(1, await restore.EndAsync());
            Assert.Contains("this machine's disk is full: free space here", restore.Output, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", restore.Output, StringComparison.Ordinal);
        }

        Assert.Equal(["others"], Directory.GetFiles(to).Select(Path.GetFileName));
        File.Delete(Path.Combine(to, "others"));
        Assert.Equal(0, (await RestoreAsync(perb, name, to)).ExitCode);
        AssertRestored(perb, name, to);
    }

    [Fact]
    public async Task What_arrives_damaged_is_fetched_once_more()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var (name, rclone, to) = await ShipAsync(perb);
        rclone.Corrupts("*copyto*002-of-006.enc*");

        var ended = await RestoreAsync(perb, name, to);

        Assert.True(ended.ExitCode == 0, ended.Errors);
        Assert.True(rclone.HasStruck);
        AssertRestored(perb, name, to);
    }

    [Fact]
    public async Task What_an_interrupted_restore_keeps_is_not_taken_away_by_one_to_stdout()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var (name, rclone, to) = await ShipAsync(perb);
        rclone.Kills("*copyto*005-of-006.enc*");
        Assert.Equal(137, (await RestoreAsync(perb, name, to)).ExitCode);

        key.Gpg.Bash($"PERB_CONFIG='{perb.Configuration}' '{PerbProcess.Program}' restore {name} --to '{to}' --stdout > ../out", to).Ok();
        var ended = await RestoreAsync(perb, name, to);

        Assert.True(ended.ExitCode == 0, ended.Errors);
        Assert.Contains("Going on with", ended.Errors, StringComparison.Ordinal);
        AssertRestored(perb, name, to);
        Assert.Equal(File.ReadAllBytes(Directory.GetFiles(perb.DumpFolder, "*.tar.zst").Single()), File.ReadAllBytes(perb.PathOf("out")));
    }

    /// <summary>Nothing but gpg tells whether a file of PERB arrived right: what it calls damaged is not taken for kept.</summary>
    [Fact]
    public async Task A_file_of_PERB_that_arrived_damaged_is_fetched_anew_by_the_next_restore()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var rclone = perb.ConfigureFaulty();
        const string Archive = "vzdump-qemu-106-2020_01_02-22_10_33.vma.lzo";
        var content = new byte[300_000];
        new Random(106).NextBytes(content);
        await File.WriteAllBytesAsync(perb.PathOf(Archive), content, TestContext.Current.CancellationToken);
        key.Gpg.Bash(
            $"tar -cf - {Archive} | gpg --batch --quiet --trust-model always -r {key.Fingerprint} -o remote/106-2020_01_02-22_10_33.vma.enc -e",
            Path.GetDirectoryName(perb.RemoteFolder)!).Ok();
        var to = perb.FolderOf("restored");
        rclone.Corrupts("*copyto*106-2020*");

        Assert.Equal(1, (await RestoreAsync(perb, "106", to)).ExitCode);
        Assert.True(rclone.HasStruck);
        var ended = await RestoreAsync(perb, "106", to);

        Assert.True(ended.ExitCode == 0, ended.Errors);
        Assert.Equal(content, File.ReadAllBytes(Path.Combine(to, Archive)));
    }

    [Fact]
    public async Task Two_restores_of_one_backup_do_not_meet()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var (name, rclone, to) = await ShipAsync(perb);
        rclone.Holds("*copyto*002-of-006.enc*", until: perb.PathOf("go"));
        await using var first = Start(perb, name, to);
        await Eventually.HoldsAsync("rclone is held", () => rclone.Copies($"{name}.002-of-006.enc") == 2);

        var second = await RestoreAsync(perb, name, to);
        await File.WriteAllTextAsync(perb.PathOf("go"), "", TestContext.Current.CancellationToken);

        Assert.Equal(1, second.ExitCode);
        Assert.Contains("another perb restores", second.Errors, StringComparison.Ordinal);
        Assert.Equal(0, await first.EndAsync());
        AssertRestored(perb, name, to);
    }

    [Fact]
    public async Task A_remote_that_is_away_is_try_later()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var (name, rclone, to) = await ShipAsync(perb);
        rclone.Refuses("*lsjson*");

        var ended = await RestoreAsync(perb, name, to);

        Assert.Equal(75, ended.ExitCode);
        OneLine.In(ended, "503");
    }

    private static void Fill(string path)
    {
        using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
        var block = new byte[4096];
        Exception? full = null;
        while (full is null)
        {
            full = Record.Exception(() => file.Write(block));
        }

        Assert.IsType<IOException>(full);
    }

    private static async Task<(string Name, FaultyRclone Rclone, string To)> ShipAsync(PerbInstallation perb)
    {
        var rclone = perb.ConfigureFaulty();
        var name = perb.AddArchive(101, TimeSpan.FromHours(1), ArchiveBytes);
        (await perb.RunAsync("once")).Ok();
        return (name, rclone, perb.FolderOf("restored"));
    }

    private PerbProcess Start(PerbInstallation perb, string named, string to) => PerbProcess.Start(
        new Dictionary<string, string?> { ["PERB_CONFIG"] = perb.Configuration, ["GNUPGHOME"] = key.Gpg.Folder }, ["restore", named, "--to", to]);

    private Task<Ended> RestoreAsync(PerbInstallation perb, string named, string to) =>
        perb.RunAsync(new Dictionary<string, string?> { ["GNUPGHOME"] = key.Gpg.Folder }, "restore", named, "--to", to);

    private static void AssertRestored(PerbInstallation perb, string name, string to)
    {
        Assert.Equal(3, Directory.GetFileSystemEntries(to).Length);
        foreach (var file in Directory.GetFiles(perb.DumpFolder, $"*{name}*"))
        {
            var restored = Path.Combine(to, Path.GetFileName(file));
            Assert.Equal(File.ReadAllBytes(file), File.ReadAllBytes(restored));
            Assert.Equal($"{File.GetLastWriteTimeUtc(file):s}", $"{File.GetLastWriteTimeUtc(restored):s}");
        }
    }
}
