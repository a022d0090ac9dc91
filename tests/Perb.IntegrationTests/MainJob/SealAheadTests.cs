using System.Text.Json.Nodes;
using Microsoft.Data.Sqlite;
using Perb.IntegrationTests.Hook;
using Perb.IntegrationTests.Installation;
using Perb.IntegrationTests.Transfer;

namespace Perb.IntegrationTests.MainJob;

/// <summary>Volumes are sealed while others are sent, as many as there are sealers and as staging has room for, and no more.</summary>
[Trait("Suite", "long")]
public sealed class SealAheadTests(SharedKey key) : IClassFixture<SharedKey>
{
    private const int Volumes = 6;

    [Fact]
    public async Task The_next_volume_is_sealed_while_one_is_sent()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var name = perb.AddArchive(101, TimeSpan.FromHours(1), Volumes * (4 << 20) - 100_000);

        // The first is not sent before the second lies in staging: were they carried one after another, this would never end.
        perb.ConfigureFaulty().Holds("copyto*.001-of-006.enc", Path.Combine(perb.Staging, $"{name}.002-of-006.enc"));

        (await perb.RunAsync("once")).Ok();

        perb.AssertWhole(name, Volumes);
    }

    [Fact]
    public async Task The_next_backup_is_sealed_while_one_is_sent()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        string[] names = [perb.AddArchive(101, TimeSpan.FromHours(1)), perb.AddArchive(102, TimeSpan.FromHours(2))];
        var rclone = perb.ConfigureFaulty();
        rclone.Holds("copyto*.enc", perb.PathOf("go"));
        await using var once = perb.Run("once");

        await Eventually.HoldsAsync("both lie in staging", () => names.All(name => File.Exists(Path.Combine(perb.Staging, $"{name}.enc"))));
        File.WriteAllText(perb.PathOf("go"), "");

        Assert.Equal(0, await once.EndAsync());
        Assert.Equal([.. names.SelectMany(name => PerbInstallation.ObjectsOf(name, volumes: 1)).Order(StringComparer.Ordinal), "perb.json"], perb.Objects());
    }

    [Fact]
    public async Task All_volumes_of_the_first_are_sent_before_those_that_are_sealed_ahead()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        string[] names = [perb.AddArchive(101, TimeSpan.FromHours(1), 11_000_000), perb.AddArchive(102, TimeSpan.FromHours(2), 11_000_000)];
        var rclone = perb.ConfigureFaulty();
        rclone.Holds("copyto*.enc", perb.PathOf("go"));
        await using var once = perb.Run("once");
        string[] Staged(string name) => Directory.Exists(perb.Staging) ? Directory.GetFiles(perb.Staging, $"{name}.*.enc") : [];
        await Eventually.HoldsAsync("of both there are volumes that wait", () => names.All(name => Staged(name).Length > 1));

        File.WriteAllText(perb.PathOf("go"), "");

        Assert.Equal(0, await once.EndAsync());
        var sent = rclone.Sent().Where(name => name.EndsWith(".enc", StringComparison.Ordinal)).Select(name => name.Split('.')[0]).ToList();
        Assert.Equal(sent.OrderBy(sent.IndexOf), sent);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task No_more_volumes_are_under_way_than_sealers_and_one(int sealers)
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var name = perb.AddArchive(101, TimeSpan.FromHours(1), Volumes * (4 << 20) - 100_000);
        perb.Configure(("Staging:Sealers", sealers));

        (await perb.RunAsync("once")).Ok();

        perb.AssertWhole(name, Volumes);
        AssertSealedAheadByAtMost(sealers, perb);
    }

    [Fact]
    public async Task With_room_for_one_volume_they_go_one_after_another()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var name = perb.AddArchive(101, TimeSpan.FromHours(1), Volumes * (4 << 20) - 100_000);
        perb.Configure(("Staging:Sealers", 2), ("Staging:MaxSize", "6MiB"));

        (await perb.RunAsync("once")).Ok();

        perb.AssertWhole(name, Volumes);
        AssertSealedAheadByAtMost(0, perb);
    }

    [Fact]
    public async Task What_was_skipped_makes_room_in_staging_for_what_waits()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var name = perb.AddArchive(101, TimeSpan.FromHours(1), 9 << 20);
        var other = perb.AddArchive(102, TimeSpan.FromHours(2), 3 << 20); // behind it: older
        var rclone = perb.ConfigureFaulty(("Staging:MaxSize", "6MiB"));
        rclone.Holds("copyto*.001-of-003.enc", "/nowhere");
        await using var service = perb.Run();
        await Eventually.HoldsAsync("a volume waits to be sent", () => Sealed(perb) == 1);
        var id = (await perb.ListAsync()).Single(backup => (string?)backup!["remoteName"] == name)!["id"]!.ToString();

        (await perb.RunAsync("skip", id)).Ok();
        await service.SaysAsync("its share of Staging:MaxSize is");

        // The worker learns of it when it renews its lease; until then the volume has its place, and whoever pushes is told to wait.
        await Eventually.HoldsAsync(
            "there is room", async () => (await perb.RunAsync("retry", "--all")).ExitCode == 0, longest: TimeSpan.FromMinutes(3));

        await service.SaysAsync($"Published {other}");
    }

    [Fact]
    public async Task What_is_sealed_already_is_sent_first_where_there_is_no_room_for_more()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var name = perb.AddArchive(101, TimeSpan.FromHours(1), Volumes * (4 << 20) - 100_000);
        var rclone = perb.ConfigureFaulty(("Staging:Sealers", 2));
        rclone.Holds("copyto*-of-006.enc", "/nowhere");
        await using (var service = perb.Run())
        {
            await Eventually.HoldsAsync("three volumes are sealed", () => Sealed(perb) == 3);
            await service.KillAsync();
        }

        // The first is the one that is gone, the others fill all the room that there is.
        File.Delete(Path.Combine(perb.Staging, $"{name}.001-of-006.enc"));
        perb.ConfigureFaulty(("Staging:Sealers", 2), ("Staging:MaxSize", "9MiB")).Mend();
        (await perb.RunAsync("once")).Ok();

        perb.AssertWhole(name, Volumes);

        // Only the one that was under way when perb was killed is sent again.
        Assert.Equal(Volumes + 1, PerbInstallation.ObjectsOf(name, Volumes).SkipLast(1).Sum(rclone.Copies));
    }

    [Fact]
    public async Task A_failure_of_one_volume_stops_the_others_and_is_what_is_told()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var name = perb.AddArchive(101, TimeSpan.FromHours(1), Volumes * (4 << 20) - 100_000);
        var rclone = perb.ConfigureFaulty(("Staging:Sealers", 3));
        rclone.Refuses("copyto*-of-006.enc");

        var once = await perb.RunAsync("once");

        Assert.Equal(75, once.ExitCode);
        Assert.Contains("503 Service Unavailable", (await perb.ListAsync())[0]!["failure"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(perb.Staging, "*.partial"));

        rclone.Mend();
        (await perb.RunAsync("once")).Ok();
        perb.AssertWhole(name, Volumes);
    }

    [Fact]
    public async Task Only_one_volume_is_sent_at_a_time_however_many_are_sealed_ahead()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var name = perb.AddArchive(101, TimeSpan.FromHours(1), Volumes * (4 << 20) - 100_000);
        var rclone = perb.ConfigureFaulty(("Staging:Sealers", 3));
        rclone.Holds("copyto*-of-006.enc", perb.PathOf("release"));
        await using var once = perb.Run("once");
        await Eventually.HoldsAsync("four volumes are sealed", () => Sealed(perb) == 4);

        File.WriteAllText(perb.PathOf("release"), "");

        Assert.Equal(0, await once.EndAsync());
        Assert.Single(rclone.CopiesBeforeRelease(), copy => copy.EndsWith(".enc", StringComparison.Ordinal));
        perb.AssertWhole(name, Volumes);
    }

    [Fact]
    public async Task Remotes_share_the_sealers_and_one_that_is_slow_keeps_none_from_the_other()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var name = perb.AddArchive(101, TimeSpan.FromHours(1), Volumes * (4 << 20) - 100_000);
        var other = perb.FolderOf("other");
        File.AppendAllText(perb.PathOf("rclone.conf"), "[other]\ntype = local\n");
        var rclone = perb.ConfigureFaulty(("Staging:Sealers", 2), ("Remotes", new JsonArray(
            new JsonObject { ["Name"] = "offsite", ["Path"] = $"offsite:{perb.RemoteFolder}" },
            new JsonObject { ["Name"] = "other", ["Path"] = $"other:{other}" })));

        // The one sends nothing before the other has everything: had it kept the sealers, this would never end.
        rclone.Holds("copyto*offsite:*-of-006.enc", Path.Combine(other, $"{name}.sums"));

        (await perb.RunAsync("once")).Ok();

        perb.AssertWhole(name, Volumes);
        Assert.All(PerbInstallation.ObjectsOf(name, Volumes), one => Assert.True(File.Exists(Path.Combine(other, one)), one));
    }

    [Fact]
    public async Task Sealing_stops_when_the_disk_gets_too_full_and_goes_on_when_there_is_room_again()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        using var disk = Mount.Memory(perb.PathOf("state", "staging"), "size=64m,mode=700");
        var name = perb.AddArchive(101, TimeSpan.FromHours(1), Volumes * (4 << 20) - 100_000);
        var rclone = perb.ConfigureFaulty(("Staging:MinFree", "16MiB"));
        rclone.Holds("copyto*-of-006.enc", perb.PathOf("release"));
        var foreign = Path.Combine(disk.Path, "foreign");
        await using (var full = perb.Run("once"))
        {
            await Eventually.HoldsAsync("two volumes are sealed", () => Sealed(perb) == 2);
            File.WriteAllBytes(foreign, new byte[45 << 20]);
            File.WriteAllText(perb.PathOf("release"), "");

            Assert.Equal(75, await full.EndAsync());
            Assert.Contains("Staging:MinFree keeps 16.0 MiB free", full.Output, StringComparison.Ordinal);
            Assert.Equal(2, Sealed(perb));
        }

        File.Delete(foreign);
        (await perb.RunAsync("once")).Ok();

        perb.AssertWhole(name, Volumes);
        Assert.Equal(Volumes, Sealed(perb));
    }

    // The history says in which order things became true.
    private static void AssertSealedAheadByAtMost(int ahead, PerbInstallation perb)
    {
        var unproven = 0;
        var most = 0;
        foreach (var (kind, text) in History(perb).Where(row => row.Text.Contains(".enc", StringComparison.Ordinal)))
        {
            unproven += kind switch { "sealed" => 1, "verified" => -1, _ => 0 };
            most = Math.Max(most, unproven);
        }

        Assert.InRange(most, 1, ahead + 1);
        Assert.Equal(0, unproven);
    }

    private static int Sealed(PerbInstallation perb) =>
        File.Exists(perb.Store) && Directory.Exists(perb.Staging) ? History(perb).Count(row => row.Kind == "sealed") : 0;

    private static List<(string Kind, string Text)> History(PerbInstallation perb)
    {
        using var connection = new SqliteConnection($"Data Source={perb.Store};Mode=ReadOnly;Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT kind, text FROM event ORDER BY id";
        using var rows = command.ExecuteReader();
        var history = new List<(string, string)>();
        while (rows.Read())
        {
            history.Add((rows.GetString(0), rows.GetString(1)));
        }

        return history;
    }
}
