using Perb.IntegrationTests.Installation;
using Perb.IntegrationTests.Transfer;

namespace Perb.IntegrationTests.MainJob;

/// <summary>What vzdump prunes while it waits is not lost: the service has it open.</summary>
[Trait("Suite", "long")]
public sealed class HoldTests(SharedKey key) : IClassFixture<SharedKey>
{
    [Fact]
    public async Task An_archive_that_is_pruned_before_it_is_sealed_is_published_with_its_log_and_notes()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var name = perb.AddArchive(101, TimeSpan.FromHours(1), 9 << 20);
        perb.AddArchive(101, TimeSpan.FromHours(30)); // a storage that lists nothing would not be believed
        perb.ConfigureFaulty().Holds("lsjson*", until: perb.PathOf("go"));
        await using var service = perb.Run();
        await Eventually.HoldsAsync("the archive, its log and its notes are held", () => Held(service, name).Count == 3);
        var files = Prune(perb, name);

        File.WriteAllText(perb.PathOf("go"), "");
        await service.SaysAsync($"Published {name}");

        AssertRestored(perb, name, files);
        await Eventually.HoldsAsync("nothing is held any more", () => service.OpenFiles.All(file => !file.Contains("vzdump-", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task An_archive_that_is_pruned_between_its_volumes_is_published()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var name = perb.AddArchive(101, TimeSpan.FromHours(1), 15 << 20);
        var rclone = perb.ConfigureFaulty();
        rclone.Holds("copyto*.001-of-004.enc", until: perb.PathOf("go"));
        await using var service = perb.Run();
        await Eventually.HoldsAsync(
            "the second volume is sealed", () => Directory.Exists(perb.Staging) && File.Exists(Path.Combine(perb.Staging, $"{name}.002-of-004.enc")));
        var files = Prune(perb, name);

        File.WriteAllText(perb.PathOf("go"), "");
        await service.SaysAsync($"Published {name}");

        AssertRestored(perb, name, files);
    }

    [Fact]
    public async Task A_restart_loses_what_was_held()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var name = perb.AddArchive(101, TimeSpan.FromHours(1));
        var other = perb.AddArchive(102, TimeSpan.FromHours(1));
        perb.ConfigureFaulty().Holds("lsjson*", until: perb.PathOf("go"));
        await using (var service = perb.Run())
        {
            await Eventually.HoldsAsync("the archive is held", () => Held(service, name).Count == 3);
            Prune(perb, name);
            await service.KillAsync();
        }

        File.WriteAllText(perb.PathOf("go"), "");
        await perb.RunAsync("once");

        var states = (await perb.ListAsync()).ToDictionary(backup => (string)backup!["remoteName"]!, backup => (string?)backup!["state"]);
        Assert.Equal(new Dictionary<string, string?> { [name] = "source-missing", [other] = "published" }, states);
    }

    private static List<string> Held(PerbProcess service, string name) =>
        [.. service.OpenFiles.Where(file => file.Contains($"vzdump-lxc-{name}", StringComparison.Ordinal))];

    private static Dictionary<string, byte[]> Prune(PerbInstallation perb, string name)
    {
        var paths = Directory.GetFiles(perb.DumpFolder, $"vzdump-lxc-{name}*");
        var files = paths.ToDictionary(path => Path.GetFileName(path), File.ReadAllBytes);
        Array.ForEach(paths, File.Delete);
        return files;
    }

    private static void AssertRestored(PerbInstallation perb, string name, Dictionary<string, byte[]> files)
    {
        var folder = perb.FolderOf("restored");
        var volumes = $"for v in {perb.RemoteFolder}/{name}.*.enc; do gpg -d \"$v\" || exit 1; done";
        var ended = perb.Key.Gpg.Bash($"set -o pipefail; (cd {perb.RemoteFolder} && cksum -c {name}.sums) && ({volumes}) | tar -x", folder);
        Assert.True(ended.ExitCode == 0, ended.Errors);
        Assert.Equal(3, files.Count);
        Assert.Equal(files.Keys.Order(), Directory.GetFiles(folder).Select(path => Path.GetFileName(path)).Order());
        Assert.All(files, file => Assert.Equal(file.Value, File.ReadAllBytes(Path.Combine(folder, file.Key))));
    }
}
