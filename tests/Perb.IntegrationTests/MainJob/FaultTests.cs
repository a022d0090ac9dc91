using System.Text.Json.Nodes;
using CliWrap;
using Perb.IntegrationTests.Installation;
using Perb.IntegrationTests.Transfer;
using Perb.Simulation.Storage;

namespace Perb.IntegrationTests.MainJob;

/// <summary>Remotes and dump directories that misbehave: what can be shipped is shipped, and only what is right is published.</summary>
[Trait("Suite", "long")]
public sealed class FaultTests(SharedKey key) : IClassFixture<SharedKey>
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    [Theory]
    [InlineData(".001-of-003.enc")]
    [InlineData(".sums")]
    public async Task An_object_that_arrived_wrong_is_removed_and_made_anew(string suffix)
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var name = perb.AddArchive(101, Hour, 9 << 20);
        var rclone = perb.ConfigureFaulty();
        rclone.Corrupts("copyto*" + suffix);

        var first = await perb.RunAsync("once");

        Assert.Equal(3, first.ExitCode);
        Assert.Contains("it must have", first.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain(name + suffix, perb.Objects());
        var second = await perb.RunAsync("once");
        Assert.True(second.ExitCode == 0, second.Errors);
        perb.AssertWhole(name);
        Assert.Equal(2, rclone.Copies(name + suffix));
    }

    [Fact]
    public async Task A_disk_without_room_for_staging_is_trouble_of_staging_until_there_is_room()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var name = perb.AddArchive(101, Hour);
        perb.Configure(("Staging:MinFree", "99.99%"));

        var full = await perb.RunAsync("once");

        Assert.True(full.ExitCode == 75, full.Errors);
        OneLine.In(full, $"1 backup(s) wait, {name} to offsite first: staging for offsite: ", "put Staging:Directory elsewhere");
        Assert.Equal("staging for offsite", (string?)Assert.Single((await perb.StatusAsync())["troubles"]!.AsArray())!["subject"]);
        var ship = await perb.RunAsync("retry", "1");
        Assert.True(ship.ExitCode == 75, ship.Errors);

        perb.Configure();
        (await perb.RunAsync("once")).Ok();
        Assert.Empty((await perb.StatusAsync())["troubles"]!.AsArray());
    }

    [Fact]
    public async Task An_archive_that_was_sealed_survives_its_removal_while_the_remote_is_away()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var name = perb.AddArchive(101, Hour);
        var archive = Assert.Single(Directory.GetFiles(perb.DumpFolder, "*.tar.zst"));
        var content = File.ReadAllBytes(archive);
        var rclone = perb.ConfigureFaulty();
        rclone.Refuses("copyto*.enc");
        Assert.Equal(75, (await perb.RunAsync("once")).ExitCode);
        Assert.Equal([$"{name}.enc"], Directory.EnumerateFiles(perb.Staging).Select(file => Path.GetFileName(file)));
        Directory.Delete(perb.DumpFolder, recursive: true);
        Directory.CreateDirectory(perb.DumpFolder);

        // Listed is another storage only: what the listing concludes from a removal is its own subject.
        perb.Node.AddStorage(new StorageDefinition("other") { Path = perb.FolderOf("other") });
        perb.ConfigureFaulty(("Discovery:Storages", new JsonArray("other")));
        rclone.Mend();
        var once = await perb.RunAsync("once");

        Assert.True(once.ExitCode == 0, once.Errors);
        perb.AssertWhole(name, volumes: 1);
        var restored = perb.FolderOf("restored");
        key.Gpg.Bash($"set -o pipefail; gpg -d {perb.RemoteFolder}/{name}.enc | tar -x", restored).Ok();
        Assert.Equal(content, File.ReadAllBytes(Path.Combine(restored, Path.GetFileName(archive))));
    }

    [Fact]
    public async Task A_remote_that_takes_nothing_holds_a_volume_of_each_worker_at_most_and_delays_no_other_remote()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        string[] names = [perb.AddArchive(101, Hour), perb.AddArchive(102, Hour), perb.AddArchive(103, Hour)];
        File.AppendAllText(perb.PathOf("rclone.conf"), "[bad]\ntype = local\n");
        var rclone = perb.ConfigureFaulty(("Remotes", new JsonArray(
            Remote("bad", $"bad:{perb.FolderOf("bad")}"), Remote("offsite", $"offsite:{perb.RemoteFolder}"))));
        rclone.Refuses("copyto*bad:*.enc");

        for (var run = 0; run < 2; run++)
        {
            var once = await perb.RunAsync("once");

            Assert.Equal(75, once.ExitCode);
            Assert.Contains("503 Service Unavailable", once.Errors, StringComparison.Ordinal);
            Assert.Equal([.. names.SelectMany(name => PerbInstallation.ObjectsOf(name, volumes: 1)), "perb.json"], perb.Objects());
            Assert.All(names, name => Assert.Equal(0, key.Gpg.Bash($"cksum -c {name}.sums", perb.RemoteFolder).ExitCode));
            Assert.InRange(Directory.EnumerateFiles(perb.PathOf("state", "staging", "bad")).Count(), 1, 2);
            Assert.Equal(
                ["discovered", "published"], (await perb.ListAsync()).Select(backup => (string)backup!["state"]!).Distinct().Order());
        }
    }

    [Theory]
    [InlineData("link")]
    [InlineData("fifo")]
    [InlineData("large")]
    public async Task A_planted_log_stays_behind_with_a_warning_and_the_archive_goes_offsite(string planted)
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var name = perb.AddArchive(101, Hour);
        var log = Assert.Single(Directory.GetFiles(perb.DumpFolder, "*.log"));
        File.Delete(log);
        await PlantAsync(log, planted);

        var once = await perb.RunAsync("once");

        Assert.True(once.ExitCode == 0, once.Errors);
        Assert.Contains($"{log} is left out of the backup", once.Errors, StringComparison.Ordinal);
        perb.AssertWhole(name, volumes: 1);
        var content = key.Gpg.Bash($"set -o pipefail; gpg -d {name}.enc | tar -t", perb.RemoteFolder).Ok().Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal([$"vzdump-lxc-{name}.tar.zst", $"vzdump-lxc-{name}.tar.zst.notes"], content.Order(StringComparer.Ordinal));
    }

    private static async Task PlantAsync(string log, string planted)
    {
        switch (planted)
        {
            case "link":
                File.CreateSymbolicLink(log, "/etc/passwd");
                break;
            case "fifo":
                await new Command("mkfifo").WithArguments([log]).ExecuteAsync(TestContext.Current.CancellationToken);
                break;
            default:
                await File.WriteAllBytesAsync(log, new byte[5 << 20], TestContext.Current.CancellationToken);
                File.SetLastWriteTimeUtc(log, TimeProvider.System.GetUtcNow().UtcDateTime - Hour);
                break;
        }
    }

    private static JsonObject Remote(string name, string path) => new() { ["Name"] = name, ["Path"] = path };
}
