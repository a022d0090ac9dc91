using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Perb.IntegrationTests.Installation;
using Perb.IntegrationTests.Transfer;
using Perb.Simulation.Vzdump;

namespace Perb.IntegrationTests.MainJob;

/// <summary>From a vzdump task of several guests to copies that gpg and tar bring back.</summary>
public sealed class OnceTests(SharedKey key) : IClassFixture<SharedKey>
{
    [Fact]
    public async Task Every_finished_archive_becomes_a_copy_that_gpg_and_tar_bring_back()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        perb.AddContainer(101, "web", 9 << 20);
        perb.AddMachine(102, "db");
        perb.AddContainer(103, "broken");
        perb.Node.Guests.Change(103, guest => guest with { FailsWith = "command 'tar' failed: exit code 2" });
        var before = perb.AddArchive(101, TimeSpan.FromHours(20));
        var task = await perb.Node.RunBackupAsync(new BackupRun { All = true, NotesTemplate = "{{guestname}}" }, TestContext.Current.CancellationToken);
        Assert.False(task.IsOk);

        var once = await perb.RunAsync("once");

        Assert.True(once.ExitCode == 0, once.Errors);
        Assert.Empty(once.Output);
        Assert.Contains("guests may lack a new archive", once.Errors, StringComparison.Ordinal);
        var backups = await perb.ListAsync();
        Assert.Equal(3, backups.Count);
        Assert.All(backups, backup => Assert.Equal("published", (string?)backup!["state"]));
        Assert.All(backups, backup => Assert.Equal("hash", (string?)backup!["verifiedHow"]));
        var names = backups.ToDictionary(backup => (string)backup!["remoteName"]!, backup => (int)backup!["volumeCount"]!);
        Assert.Equal(1, names[before]);
        Assert.Contains(3, names.Values);
        string[] expected = ["perb.json", .. names.SelectMany(pair => ObjectsOf(pair.Key, pair.Value))];
        Assert.Equal(expected.Order(StringComparer.Ordinal), perb.Objects());
        Assert.Empty(Directory.EnumerateFiles(perb.Staging));
        Assert.Equal("""["format","installation"]""", JsonSerializerOf(JsonNode.Parse(File.ReadAllText(perb.PathOf("remote", "perb.json")))!));
        foreach (var backup in backups)
        {
            AssertRestored(perb, (string)backup!["remoteName"]!, (string)backup["archive"]!, (int)backup["volumeCount"]!);
        }
    }

    [Fact]
    public async Task A_second_run_changes_nothing()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        perb.AddArchive(101, TimeSpan.FromHours(1), 5 << 20);
        (await perb.RunAsync("once")).Ok();
        var remote = Fingerprint(perb.RemoteFolder);
        var list = (await perb.ListAsync()).ToJsonString();

        var second = await perb.RunAsync("once");

        Assert.True(second.ExitCode == 0, second.Errors);
        Assert.Equal(remote, Fingerprint(perb.RemoteFolder));
        Assert.Equal(list, (await perb.ListAsync()).ToJsonString());
        Assert.DoesNotContain("Published", second.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Backups_that_wait_for_a_remote_that_is_no_longer_configured_are_told_until_they_are_skipped()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var name = perb.AddArchive(101, TimeSpan.FromHours(1), sizeBytes: 0);
        File.WriteAllText(perb.PathOf("usb"), "a file where the mount point was");
        perb.Configure(("Remotes", new JsonArray(
            JsonNode.Parse($$"""{ "Name": "offsite", "Path": "offsite:{{perb.RemoteFolder}}" }"""),
            JsonNode.Parse($$"""{ "Name": "usb", "Path": "{{perb.PathOf("usb")}}" }"""))));
        var away = await perb.RunAsync("once");
        Assert.True(away.ExitCode == 75, away.Errors);
        Assert.Contains(".tar.zst is empty", away.Errors, StringComparison.Ordinal);
        OneLine.In(away, $"1 backup(s) wait, {name} to usb first: remote usb: rclone ");

        perb.Configure();
        var gone = await perb.RunAsync("once");

        Assert.Equal(75, gone.ExitCode);
        OneLine.In(gone, "remote usb: is not in the configuration any more; 1 backup(s) wait for it: put it back, or perb skip ");
        Assert.Equal("remote usb", (string?)Assert.Single((await perb.StatusAsync())["troubles"]!.AsArray())!["subject"]);
        Assert.Matches(@" usb +discovered .* waits *\n", (await perb.RunAsync("list")).Ok().Output);

        (await perb.RunAsync("skip", gone.Errors.Split("perb skip ")[^1].Trim())).Ok();

        Assert.Empty((await perb.StatusAsync())["troubles"]!.AsArray());
        (await perb.RunAsync("once")).Ok();
    }

    // The lines of docs/DESIGN.md 5, as the recovery sheet prints them.
    private static void AssertRestored(PerbInstallation perb, string x, string archive, int volumes)
    {
        var line = volumes == 1
            ? $"set -o pipefail; cksum -c {x}.sums && gpg -d {x}.enc | tar -xv"
            : $"set -o pipefail; cksum -c {x}.sums && for v in {x}.*-of-{volumes:D3}.enc; do gpg -d \"$v\" || exit 1; done | tar -xv";
        var restored = perb.FolderOf($"restored-{x}");
        foreach (var file in Directory.EnumerateFiles(perb.RemoteFolder, x + ".*"))
        {
            File.Copy(file, Path.Combine(restored, Path.GetFileName(file)));
        }

        var ended = perb.Key.Gpg.Bash(line, restored);

        Assert.True(ended.ExitCode == 0, ended.Errors);
        var log = archive[..archive.IndexOf('.', StringComparison.Ordinal)] + ".log";
        foreach (var name in (string[])[archive, log, archive + ".notes"])
        {
            Assert.Equal(File.ReadAllBytes(Path.Combine(perb.DumpFolder, name)), File.ReadAllBytes(Path.Combine(restored, name)));
        }
    }

    private static IEnumerable<string> ObjectsOf(string name, int volumes) => volumes == 1
        ? [$"{name}.enc", $"{name}.sums"]
        : [.. Enumerable.Range(1, volumes).Select(number => $"{name}.{number:D3}-of-{volumes:D3}.enc"), $"{name}.sums"];

    private static string JsonSerializerOf(JsonNode node) =>
        new JsonArray([.. node.AsObject().Select(pair => JsonValue.Create(pair.Key))]).ToJsonString();

    private static List<string> Fingerprint(string folder) =>
        [.. new DirectoryInfo(folder).EnumerateFiles().Order(Comparer<FileInfo>.Create((one, other) => string.CompareOrdinal(one.Name, other.Name)))
            .Select(file => $"{file.Name} {file.LastWriteTimeUtc:O} {Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file.FullName)))}")];
}
