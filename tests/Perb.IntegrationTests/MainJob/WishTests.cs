using System.Text.Json.Nodes;
using Microsoft.Data.Sqlite;
using Perb.IntegrationTests.Installation;
using Perb.IntegrationTests.Transfer;
using Perb.Simulation.Http;

namespace Perb.IntegrationTests.MainJob;

/// <summary><c>perb ship</c>, <c>skip</c> and <c>retry</c> while <c>perb run</c> holds the lock: the service does it, the command follows.</summary>
[Trait("Suite", "long")]
public sealed class WishTests(SharedKey key) : IClassFixture<SharedKey>
{
    [Fact]
    public async Task The_service_ships_what_is_asked_for_and_the_command_follows()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        perb.AddArchive(102, TimeSpan.FromHours(1));
        perb.Configure(("Discovery:Exclude", new JsonArray("102")), ("Discovery:Poll", "00:10:00"));
        var (name, path) = ShipTests.OnUsb(perb, 101, TimeSpan.FromDays(100), 9 << 20);
        await using var service = perb.Run();
        await service.SaysAsync("Remote offsite is ready");

        var ship = await perb.RunAsync("ship", "--json", path, "102");

        Assert.True(ship.ExitCode == 0, ship.Errors + service.Output);
        var backups = JsonNode.Parse(ship.Output)!.AsArray();
        Assert.Equal(2, backups.Count);
        Assert.All(backups, backup => Assert.Equal("published", (string?)backup!["state"]));
        Assert.Contains($"{name} to offsite: published, verified by hash", ship.Errors, StringComparison.Ordinal);
        Assert.Contains($"{name}.sums", perb.Objects());
        Assert.Contains("Carried out ship ", service.Output, StringComparison.Ordinal);

        var none = await perb.RunAsync("ship", perb.PathOf("none"), "999");
        Assert.Equal(2, none.ExitCode);
        OneLine.Each(none, "is not there", "no guest 999");
        Assert.Equal(0, await service.TerminateAsync());
    }

    [Fact]
    public async Task A_backup_in_the_making_can_be_skipped_and_retried()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var name = perb.AddArchive(101, TimeSpan.FromHours(1), 9 << 20);
        perb.Configure(("Remotes:0:BandwidthLimit", "512Ki"));
        await using (var service = perb.Run())
        {
            await Uploading.Async(perb);

            var skip = await perb.RunAsync("skip", "1");

            Assert.True(skip.ExitCode == 0, skip.Errors);
            await service.SaysAsync($"INF {name} stopped: it was skipped");
            await Eventually.HoldsAsync("nothing is uploaded any more", () => Uploading.Rclones(perb).Count == 0);
            Assert.Equal("skipped", (string?)Assert.Single(await perb.ListAsync())!["state"]);
            await Eventually.HoldsAsync("staging is swept", () => !Directory.EnumerateFiles(perb.Staging).Any());
            Assert.Equal(0, await service.TerminateAsync());
        }

        perb.Configure();
        var retry = await perb.RunAsync("retry", "1");
        Assert.True(retry.ExitCode == 0, retry.Errors);
        perb.AssertWhole(name);
    }

    [Fact]
    public async Task A_remote_that_was_mended_is_asked_at_once_when_a_person_retries()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var rclone = perb.ConfigureFaulty();
        rclone.Refuses("*perb.json");
        await using var service = perb.Run();
        await service.SaysAsync("Trouble with remote offsite");
        var (name, path) = ShipTests.OnUsb(perb, 101, TimeSpan.FromDays(1));

        var early = await perb.RunAsync("ship", path);
        Assert.Equal(75, early.ExitCode);
        Assert.Contains("waits for the remote: ", Assert.Single(ShipTests.Lines(early.Output)), StringComparison.Ordinal);

        Assert.Equal(75, (await perb.RunAsync("retry", "1")).ExitCode);
        Assert.Equal(75, (await perb.RunAsync("retry", "1")).ExitCode);

        rclone.Mend(); // after so many refusals the service would ask again in two minutes
        var retry = await perb.RunAsync("retry", "1");
        Assert.True(retry.ExitCode == 0, retry.Output + retry.Errors);
        Assert.Contains($"{name}.sums", perb.Objects());
    }

    [Fact]
    public async Task A_wish_outlives_the_service_that_was_killed_before_it_told_the_outcome()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        perb.Configure(("Discovery:Poll", "00:10:00"));
        var (name, path) = ShipTests.OnUsb(perb, 101, TimeSpan.FromDays(1));
        await using (var service = perb.Run())
        {
            await service.SaysAsync("Remote offsite is ready");
            await Eventually.HoldsAsync("a reconcile", async () => (await perb.StatusAsync())["service"]!["lastReconcile"] is not null);
            perb.Node.Faults.Add(new Fault(FaultKind.Slow) { Path = "/storage", Times = 9, Delay = TimeSpan.FromMinutes(5) });
            await using var ship = perb.Run("ship", path);
            await Eventually.HoldsAsync("the service has the wish", () => HasOpenWish(perb));

            await service.KillAsync();

            Assert.Equal(75, await ship.EndAsync());
            Assert.Contains("what you asked for is kept", ship.Output, StringComparison.Ordinal);
        }

        Assert.Empty(await perb.ListAsync());
        perb.Node.Faults.Clear();
        await using var next = perb.Run();
        await next.SaysAsync($"Published {name}");
        Assert.Contains($"{name}.sums", perb.Objects());
    }

    [Fact]
    public async Task Whoever_stops_following_is_told_that_the_service_goes_on()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var (name, path) = ShipTests.OnUsb(perb, 101, TimeSpan.FromDays(1), 2 << 20);
        perb.Configure(("Remotes:0:BandwidthLimit", "512Ki"));
        await using var service = perb.Run();
        await service.SaysAsync("Remote offsite is ready");
        await using var ship = perb.Run("ship", path);
        await Uploading.Async(perb);

        Assert.Equal(75, await ship.TerminateAsync());

        Assert.Contains("the service goes on", ship.Output, StringComparison.Ordinal);
        await service.SaysAsync($"Published {name}");
    }

    private static bool HasOpenWish(PerbInstallation perb)
    {
        using var connection = new SqliteConnection($"Data Source={perb.Store};Mode=ReadOnly;Pooling=false");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT count(*) FROM wish WHERE outcome IS NULL";
        return (long)command.ExecuteScalar()! == 1;
    }
}
