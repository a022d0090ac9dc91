using System.Text.Json.Nodes;
using Perb.IntegrationTests.Installation;
using Perb.IntegrationTests.Transfer;

namespace Perb.IntegrationTests.BadInput;

/// <summary>rclone that is not there, and remotes that are not ours or hold what we did not put there.</summary>
[Trait("Suite", "long")]
public sealed class RemoteTests(SharedKey key) : IClassFixture<SharedKey>
{
    [Fact]
    public async Task A_missing_rclone_or_remote_is_named()
    {
        await using var perb = await StartAsync();
        perb.Configure(("Rclone:Program", "/usr/bin/no-such-rclone"));
        await EndsAsync(perb, 78, "/usr/bin/no-such-rclone", "apt install rclone");

        perb.Configure(("Rclone:Program", "/etc/hostname"));
        await EndsAsync(perb, 78, "/etc/hostname", "Rclone:Program");

        perb.Configure(("Remotes:0:Path", "offsit:perb"));
        await EndsAsync(perb, 78, "offsit", $"Rclone:ConfigFile is {perb.PathOf("rclone.conf")}, which has offsite");

        perb.Configure(("Rclone:ConfigFile", perb.PathOf("no.conf")));
        await EndsAsync(perb, 78, "offsite", $"Rclone:ConfigFile is {perb.PathOf("no.conf")}, which is not there");

        perb.Configure(("Remotes:0:BandwidthLimit", "fast"));
        var refused = await perb.RunAsync("once");
        Assert.Equal(78, refused.ExitCode);
        OneLine.NoTrace(refused);
        Assert.Contains("\"fast\"", refused.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_path_of_another_installation_is_refused_with_both_ids()
    {
        await using var perb = await StartAsync();
        perb.AddArchive(101, TimeSpan.FromHours(1));
        var other = Guid.NewGuid().ToString("N");
        var owner = $$"""{"format":1,"installation":"{{other}}"}""";
        File.WriteAllText(perb.PathOf("remote", "perb.json"), owner);

        var ended = await perb.RunAsync("once");

        Assert.Equal(78, ended.ExitCode);
        OneLine.NoTrace(ended);
        var line = Assert.Single(ended.Errors.Split('\n'), line => line.Contains(other, StringComparison.Ordinal));
        Assert.Contains(File.ReadAllText(perb.PathOf("state", "installation-id")).Trim(), line, StringComparison.Ordinal);
        Assert.Equal(["perb.json"], perb.Objects());
        Assert.Equal(owner, File.ReadAllText(perb.PathOf("remote", "perb.json")));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("not json")]
    [InlineData("{\"format\":2,\"installation\":\"x\"}")]
    public async Task An_owner_file_that_says_nothing_is_refused_and_kept(string content)
    {
        await using var perb = await StartAsync();
        File.WriteAllText(perb.PathOf("remote", "perb.json"), content);

        var ended = await perb.RunAsync("once");

        Assert.Equal(78, ended.ExitCode);
        OneLine.NoTrace(ended);
        Assert.Contains("perb.json is not an owner file", ended.Errors, StringComparison.Ordinal);
        Assert.Equal(content, File.ReadAllText(perb.PathOf("remote", "perb.json")));
    }

    [Fact]
    public async Task A_foreign_object_under_a_backups_name_is_never_overwritten()
    {
        await using var perb = await StartAsync();
        var name = perb.AddArchive(101, TimeSpan.FromHours(1));
        var good = perb.AddArchive(102, TimeSpan.FromHours(1));
        File.WriteAllText(perb.PathOf("remote", $"{name}.enc"), "somebody's");

        var ended = await perb.RunAsync("once");

        Assert.Equal(3, ended.ExitCode);
        OneLine.NoTrace(ended);
        Assert.Contains($"{name}.enc exists already", ended.Errors, StringComparison.Ordinal);
        Assert.Equal("somebody's", File.ReadAllText(perb.PathOf("remote", $"{name}.enc")));
        Assert.Equal(["perb.json", $"{name}.enc", $"{good}.enc", $"{good}.sums"], perb.Objects().OrderByDescending(file => file == "perb.json"));
        var failure = Assert.Single((await perb.StatusAsync())["failures"]!.AsArray())!;
        Assert.Equal(("failed", name), ((string)failure["state"]!, (string)failure["remoteName"]!));
        Assert.Equal(3, (await perb.RunAsync("once")).ExitCode);
    }

    [Fact]
    public async Task A_published_backup_is_adopted_after_the_store_was_lost()
    {
        await using var perb = await StartAsync();
        var name = perb.AddArchive(101, TimeSpan.FromHours(1), 5 << 20);
        (await perb.RunAsync("once")).Ok();
        var volumes = Volumes(perb);
        foreach (var file in Directory.EnumerateFiles(perb.State, "perb.db*"))
        {
            File.Delete(file);
        }

        var ended = await perb.RunAsync("once");

        Assert.True(ended.ExitCode == 0, ended.Errors);
        Assert.Contains($"{name} is on offsite already", ended.Errors, StringComparison.Ordinal);
        Assert.Equal(volumes, Volumes(perb));
        var backup = Assert.Single(await perb.ListAsync())!;
        Assert.Equal(("published", "hash"), ((string)backup["state"]!, (string)backup["verifiedHow"]!));
        Assert.Equal(2, (int)backup["volumeCount"]!);
    }

    [Fact]
    public async Task A_damaged_backup_is_not_adopted()
    {
        await using var perb = await StartAsync();
        var name = perb.AddArchive(101, TimeSpan.FromHours(1));
        (await perb.RunAsync("once")).Ok();
        foreach (var file in Directory.EnumerateFiles(perb.State, "perb.db*"))
        {
            File.Delete(file);
        }

        using (var volume = File.OpenWrite(perb.PathOf("remote", $"{name}.enc")))
        {
            volume.Seek(1000, SeekOrigin.Begin);
            volume.WriteByte(volume.Length > 0 ? (byte)7 : (byte)8);
        }

        var ended = await perb.RunAsync("once");

        Assert.Equal(3, ended.ExitCode);
        OneLine.NoTrace(ended);
        Assert.NotEqual("published", (string?)Assert.Single(await perb.ListAsync())!["state"]);
    }

    [Fact]
    public async Task An_archive_that_is_not_the_published_one_is_a_conflict()
    {
        await using var perb = await StartAsync();
        var name = perb.AddArchive(101, TimeSpan.FromHours(1));
        (await perb.RunAsync("once")).Ok();
        var volumes = Volumes(perb);
        foreach (var file in Directory.EnumerateFiles(perb.State, "perb.db*"))
        {
            File.Delete(file);
        }

        File.AppendAllText(Path.Combine(perb.DumpFolder, $"vzdump-lxc-{name}.tar.zst"), "more");

        var ended = await perb.RunAsync("once");

        Assert.Equal(3, ended.ExitCode);
        Assert.Contains("was published for another archive", ended.Errors, StringComparison.Ordinal);
        Assert.Equal(volumes, Volumes(perb));
    }

    private static List<string> Volumes(PerbInstallation perb) =>
        [.. new DirectoryInfo(perb.RemoteFolder).EnumerateFiles().Select(file => $"{file.Name} {file.Length} {file.LastWriteTimeUtc:O}").Order(StringComparer.Ordinal)];

    private Task<PerbInstallation> StartAsync() => PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);

    private static async Task EndsAsync(PerbInstallation perb, int exitCode, params string[] words)
    {
        var ended = await perb.RunAsync("once");
        Assert.True(ended.ExitCode == exitCode, $"{ended.ExitCode}: {ended.Errors}");
        OneLine.In(ended, words);
    }
}
