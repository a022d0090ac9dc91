using Microsoft.Data.Sqlite;
using Perb.IntegrationTests.Installation;
using Perb.IntegrationTests.Transfer;

namespace Perb.IntegrationTests.MainJob;

/// <summary>Volumes are sealed while others are sent, as many as there are sealers and as staging has room for, and no more.</summary>
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
    public async Task What_is_sealed_already_is_sent_first_where_there_is_no_room_for_more()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var name = perb.AddArchive(101, TimeSpan.FromHours(1), Volumes * (4 << 20) - 100_000);
        var rclone = perb.ConfigureFaulty(("Staging:Sealers", 2));
        rclone.Holds("copyto*-of-006.enc", "/nowhere");
        await using (var service = perb.Run())
        {
            await UntilSealedAsync(perb, 3);
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

    private static async Task UntilSealedAsync(PerbInstallation perb, int volumes)
    {
        while (!Directory.Exists(perb.Staging) || History(perb).Count(row => row.Kind == "sealed") < volumes)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, TestContext.Current.CancellationToken);
        }
    }
}
