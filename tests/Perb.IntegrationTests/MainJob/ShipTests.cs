using System.Text.Json.Nodes;
using Perb.IntegrationTests.Installation;
using Perb.IntegrationTests.Transfer;

namespace Perb.IntegrationTests.MainJob;

/// <summary><c>perb ship</c> without a service: archives that a person names, wherever they lie and whatever the rules say.</summary>
public sealed class ShipTests(SharedKey key) : IClassFixture<SharedKey>
{
    [Fact]
    public async Task An_excluded_guest_is_shipped_by_its_number_and_nothing_else_is()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        perb.AddArchive(101, TimeSpan.FromHours(30));
        var name = perb.AddArchive(101, TimeSpan.FromHours(1), 5 << 20);
        perb.AddArchive(102, TimeSpan.FromHours(1));
        perb.Configure(("Discovery:Exclude", new JsonArray("101")));

        var ship = await perb.RunAsync("ship", "101");

        Assert.True(ship.ExitCode == 0, ship.Errors);
        Assert.Contains($"{name} to offsite: published, verified by hash at ", Assert.Single(Lines(ship.Output)), StringComparison.Ordinal);
        perb.AssertWhole(name, 2);
        Assert.Equal(["published"], await StatesAsync(perb, 101, 102));

        perb.Configure(("Discovery:Exclude", new JsonArray("101", "102")));
        (await perb.RunAsync("once")).Ok();
        Assert.Equal(["published", "skipped", "skipped"], await StatesAsync(perb, 101, 102));
    }

    [Fact]
    public async Task An_archive_outside_of_all_storages_is_shipped_and_stays_what_it_is()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var (name, path) = OnUsb(perb, 101, TimeSpan.FromDays(400));
        perb.AddArchive(101, TimeSpan.FromHours(1));

        var ship = await perb.RunAsync("ship", "--json", path);

        Assert.True(ship.ExitCode == 0, ship.Errors);
        var backup = Assert.Single(JsonNode.Parse(ship.Output)!.AsArray())!.AsObject();
        Assert.True(backup.ContainsKey("storage"));
        Assert.Null(backup["storage"]);
        Assert.Equal((name, "published", "hash"), ((string)backup["remoteName"]!, (string)backup["state"]!, (string)backup["verifiedHow"]!));
        Assert.Contains($"{name}.sums", perb.Objects());

        File.Delete(path);
        (await perb.RunAsync("once")).Ok();
        Assert.Equal(["published", "published"], await StatesAsync(perb, 101));
        Assert.Contains(" - ", (await perb.RunAsync("list")).Ok().Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_archive_by_path_in_a_dump_directory_is_its_storages_also_by_another_name_of_the_directory()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        perb.AddArchive(101, TimeSpan.FromHours(1));
        var name = perb.AddArchive(101, TimeSpan.FromDays(40));
        (await perb.RunAsync("once")).Ok();
        Assert.Equal(["published", "skipped"], await StatesAsync(perb, 101));
        File.CreateSymbolicLink(perb.PathOf("link"), perb.DumpFolder);

        var ship = await perb.RunAsync("ship", perb.PathOf("link", $"vzdump-lxc-{name}.tar.zst"));

        Assert.True(ship.ExitCode == 0, ship.Errors);
        var list = await perb.ListAsync();
        Assert.All(list, backup => Assert.Equal(("local", "published"), ((string)backup!["storage"]!, (string)backup["state"]!)));
        (await perb.RunAsync("once")).Ok();
        Assert.Equal(list.ToJsonString(), (await perb.ListAsync()).ToJsonString());
    }

    [Fact]
    public async Task All_faults_are_told_at_once_and_nothing_is_shipped()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        perb.AddContainer(103, "never backed up");
        var (_, path) = OnUsb(perb, 101, TimeSpan.FromDays(1));
        File.CreateSymbolicLink(perb.PathOf("usb", "vzdump-lxc-102-2026_01_01-00_00_00.tar"), path);

        var ship = await perb.RunAsync(
            "ship", path, perb.PathOf("none", "vzdump-lxc-102-2026_01_01-00_00_00.tar"), perb.PathOf("rclone.conf"),
            perb.PathOf("usb", "vzdump-lxc-102-2026_01_01-00_00_00.tar"), "103", "999");

        Assert.Equal(2, ship.ExitCode);
        OneLine.Each(
            ship, "is not there", "does not have a name that vzdump gives", "is a symbolic link", "guest 103 has no archive in any dump directory of pve1",
            "pve1 shows no guest 999");
        Assert.Empty(ship.Output);
        Assert.Empty(perb.Objects());
        Assert.Empty(await perb.ListAsync());
    }

    [Fact]
    public async Task What_is_published_already_is_told_and_another_archive_of_its_name_is_a_conflict()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var name = perb.AddArchive(101, TimeSpan.FromHours(1));
        (await perb.RunAsync("once")).Ok();
        var path = Path.Combine(perb.DumpFolder, $"vzdump-lxc-{name}.tar.zst");
        var objects = Contents(perb);

        var again = await perb.RunAsync("ship", path);

        Assert.True(again.ExitCode == 0, again.Errors);
        Assert.Contains("already on offsite, verified by hash at ", Assert.Single(Lines(again.Output)), StringComparison.Ordinal);

        var other = Path.Combine(perb.FolderOf("usb"), Path.GetFileName(path));
        File.WriteAllText(other, "something else");
        var conflict = await perb.RunAsync("ship", other);

        Assert.Equal(3, conflict.ExitCode);
        OneLine.In(conflict, "name conflict on offsite", other, path);
        Assert.Equal(objects, Contents(perb));
    }

    [Fact]
    public async Task Only_the_remote_that_is_named_gets_it()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        perb.Configure(("Remotes", new JsonArray(
            JsonNode.Parse($$"""{ "Name": "near", "Path": "{{perb.FolderOf("near")}}" }"""),
            JsonNode.Parse($$"""{ "Name": "far", "Path": "offsite:{{perb.RemoteFolder}}" }"""))));
        var (_, path) = OnUsb(perb, 101, TimeSpan.FromDays(1));

        Assert.Equal(0, (await perb.RunAsync("ship", path, "--remote", "far")).ExitCode);

        Assert.Equal(3, perb.Objects().Count);
        Assert.Empty(Directory.EnumerateFiles(perb.PathOf("near")));
        var unknown = await perb.RunAsync("ship", path, "--remote", "nowhere");
        Assert.Equal(2, unknown.ExitCode);
        OneLine.In(unknown, "nowhere", "near, far");
    }

    [Fact]
    public async Task A_remote_that_is_away_makes_it_wait_and_the_next_run_ships_it()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var (name, path) = OnUsb(perb, 101, TimeSpan.FromDays(1));
        var rclone = perb.ConfigureFaulty();
        rclone.Refuses("copyto*.enc");

        var ship = await perb.RunAsync("ship", path);

        Assert.Equal(75, ship.ExitCode);
        Assert.Contains("waits: ", ship.Output, StringComparison.Ordinal);
        Assert.Matches(@"[^.]\. Next attempt at [0-9-]{10} [0-9:]{8}\n", ship.Output);
        Assert.Matches(@"[^.]\. Next attempt at [0-9-]{10} [0-9:]{8}\n", ship.Errors);
        Assert.Matches(@" discovered .* [0-9-]{10} [0-9:]{8} *\n", (await perb.RunAsync("list")).Ok().Output);

        rclone.Mend();
        (await perb.RunAsync("once")).Ok();
        Assert.Contains($"{name}.sums", perb.Objects());
    }

    [Fact]
    public async Task A_refusal_is_said_once()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);

        var ship = await perb.RunAsync("ship", perb.PathOf("10x"));

        Assert.Equal(2, ship.ExitCode);
        OneLine.In(ship, "10x is not there; a guest is named by its bare number");
        Assert.Single(ship.Errors.Split("is not there")[1..]);
        Assert.DoesNotContain("Carried out", ship.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_skipped_backup_stays_so_until_it_is_retried()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var name = perb.AddArchive(101, TimeSpan.FromHours(1));
        perb.ConfigureFaulty().Refuses("copyto*.enc");
        Assert.Equal(75, (await perb.RunAsync("once")).ExitCode);
        perb.Configure();

        var skip = await perb.RunAsync("skip", "1");

        Assert.True(skip.ExitCode == 0, skip.Errors);
        Assert.Contains("skipped by a person, until perb retry", skip.Output, StringComparison.Ordinal);
        (await perb.RunAsync("once")).Ok();
        Assert.Equal(["perb.json"], perb.Objects());
        Assert.Empty(Directory.EnumerateFiles(perb.Staging));

        var retry = await perb.RunAsync("retry", "1", "--json");
        Assert.True(retry.ExitCode == 0, retry.Errors);
        Assert.Equal("published", (string?)Assert.Single(JsonNode.Parse(retry.Output)!.AsArray())!["state"]);
        perb.AssertWhole(name, 1);

        var late = await perb.RunAsync("skip", "1", "99");
        Assert.Equal(2, late.ExitCode);
        OneLine.Each(late, "is published", "there is no backup 99");
        Assert.Equal(0, (await perb.RunAsync("retry", "1")).ExitCode);
    }

    [Fact]
    public async Task A_failed_backup_is_shipped_by_retry_once_its_reason_is_mended()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var name = perb.AddArchive(101, TimeSpan.FromHours(1));
        perb.AddArchive(102, TimeSpan.FromDays(40));
        perb.AddArchive(102, TimeSpan.FromHours(1));
        var foreign = perb.PathOf("remote", $"{name}.enc");
        File.WriteAllText(foreign, "somebody else's");
        Assert.Equal(3, (await perb.RunAsync("once")).ExitCode);

        var early = await perb.RunAsync("retry", "--all");
        Assert.Equal(3, early.ExitCode);
        Assert.Contains("failed: ", Assert.Single(Lines(early.Output)), StringComparison.Ordinal);

        File.Delete(foreign);
        var retry = await perb.RunAsync("retry", "--all");
        Assert.True(retry.ExitCode == 0, retry.Errors);
        Assert.Contains($"{name}.sums", perb.Objects());
        Assert.Equal("nothing to do", Assert.Single(Lines((await perb.RunAsync("retry", "--all")).Ok().Output)));

        var byRule = (int)(await perb.ListAsync()).Single(backup => (string?)backup!["state"] == "skipped")!["id"]!;
        OneLine.In(await perb.RunAsync("retry", $"{byRule}"), "skipped by rule (older than", "perb ship /");
    }

    internal static (string Name, string Path) OnUsb(PerbInstallation perb, int vmid, TimeSpan age, int sizeBytes = 100_000)
    {
        var at = TimeProvider.System.GetUtcNow() - age;
        var content = new byte[sizeBytes];
        new Random(vmid).NextBytes(content);
        var path = Path.Combine(perb.FolderOf("usb"), $"vzdump-qemu-{vmid}-{at:yyyy_MM_dd-HH_mm_ss}.vma.zst");
        File.WriteAllBytes(path, content);
        return ($"{vmid}-{at:yyyy_MM_dd-HH_mm_ss}", path);
    }

    internal static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>By guest, newest first.</summary>
    private static async Task<IEnumerable<string?>> StatesAsync(PerbInstallation perb, params int[] guests)
    {
        var list = await perb.ListAsync();
        return guests.SelectMany(guest => list.Where(backup => (int)backup!["guest"]! == guest)
            .OrderByDescending(backup => (string)backup!["archiveTime"]!, StringComparer.Ordinal)
            .Select(backup => (string?)backup!["state"]));
    }

    private static List<string> Contents(PerbInstallation perb) =>
        [.. perb.Objects().Select(name => name + Convert.ToHexString(File.ReadAllBytes(perb.PathOf("remote", name))))];
}
