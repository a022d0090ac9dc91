using System.Text.Json.Nodes;
using Perb.IntegrationTests.Installation;
using Perb.IntegrationTests.Transfer;

namespace Perb.IntegrationTests.Retention;

/// <summary><c>perb prune</c> against a real remote: only what it put there itself goes, in an order that leaves no half backup.</summary>
[Trait("Suite", "long")]
public sealed class PruneTests(SharedKey key) : IClassFixture<SharedKey>
{
    [Fact]
    public async Task The_plan_is_shown_and_then_carried_out_and_nothing_else_is_touched()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var names = await ShippedAsync(perb, 4);
        string[] foreign = ["106-2020_01_02-22_10_33.enc", "106-2020_01_02-22_10_33.vma.enc", "101-2020_01_02-22_10_33.sums", "holiday.jpg"];
        Array.ForEach(foreign, name => File.WriteAllText(Path.Combine(perb.RemoteFolder, name), "not ours"));
        var before = perb.Objects();

        var dry = await perb.RunAsync("prune", "--dry-run", "--json");
        Assert.Equal(before, perb.Objects());
        var run = await perb.RunAsync("prune");

        var decisions = JsonNode.Parse(dry.Ok().Output)!.AsArray();
        Assert.Equal(names, decisions.Select(one => (string)one!["remoteName"]!));
        Assert.Equal(["remove", "remove", "keep", "keep"], decisions.Select(one => (string)one!["action"]!));
        Assert.All(decisions, one => Assert.NotEmpty(one!["reasons"]!.AsArray()));
        Assert.Contains("2 to remove, 2 to keep", run.Ok().Output, StringComparison.Ordinal);
        Assert.Equal(
            foreign.Append("perb.json").Concat(names[2..].SelectMany(name => PerbInstallation.ObjectsOf(name, 1))).Order(StringComparer.Ordinal), perb.Objects());
        Assert.Equal(["pruned", "pruned", "published", "published"], (await perb.ListAsync()).Select(one => (string)one!["state"]!));

        (await perb.RunAsync("once")).Ok();
        Assert.Equal(2, (await perb.ListAsync()).Count(one => (string)one!["state"]! == "pruned")); // the archives still lie there; they are not shipped again
    }

    [Fact]
    public async Task A_prune_that_is_killed_is_carried_to_its_end_and_its_backup_is_no_copy_meanwhile()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var names = await ShippedAsync(perb, 3);
        var faulty = perb.ConfigureFaulty(Retention);
        faulty.Kills("deletefile*.enc");
        Assert.Equal(137, (await perb.RunAsync("prune")).ExitCode);
        Assert.DoesNotContain($"{names[0]}.sums", perb.Objects()); // the manifest went first
        Assert.Contains($"{names[0]}.enc", perb.Objects());

        (await perb.RunAsync("prune")).Ok();

        Assert.Equal(names[1..].SelectMany(name => PerbInstallation.ObjectsOf(name, 1)).Append("perb.json").Order(StringComparer.Ordinal), perb.Objects());
    }

    [Fact]
    public async Task A_path_of_another_installation_or_of_nobody_is_not_pruned()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        await ShippedAsync(perb, 3);
        var owner = Path.Combine(perb.RemoteFolder, "perb.json");
        File.WriteAllText(owner, """{"format":1,"installation":"somebody else"}""");
        var objects = perb.Objects();

        var foreign = await perb.RunAsync("prune");
        File.Delete(owner);
        var ownerless = await perb.RunAsync("prune");

        Assert.Equal((1, 1), (foreign.ExitCode, ownerless.ExitCode));
        Assert.Contains("belongs to another installation", foreign.Errors, StringComparison.Ordinal);
        Assert.Contains("is the remote mounted", ownerless.Errors, StringComparison.Ordinal);
        Assert.Equal(objects.Except(["perb.json"]), perb.Objects());
    }

    [Fact]
    public async Task A_copy_that_is_not_whole_on_the_remote_stops_the_removal_of_the_others()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var names = await ShippedAsync(perb, 3);
        File.Delete(Path.Combine(perb.RemoteFolder, $"{names[2]}.enc"));
        var objects = perb.Objects();

        Assert.Contains("not whole", (await perb.RunAsync("prune")).Ok().Output, StringComparison.Ordinal);

        Assert.Equal(objects, perb.Objects());
    }

    [Fact]
    public async Task The_service_prunes_retires_and_forgets_when_it_is_asked_to()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var names = await ShippedAsync(perb, 3);
        await using var service = perb.Run();
        await service.SaysAsync("Remote offsite is ready");

        (await perb.RunAsync("retire", "101")).Ok();
        Assert.Contains("retired", (await perb.RunAsync("prune")).Ok().Output, StringComparison.Ordinal);
        Assert.Equal(7, perb.Objects().Count);
        (await perb.RunAsync("retire", "101", "--undo")).Ok();
        Assert.Contains("1 to remove, 2 to keep", (await perb.RunAsync("prune")).Ok().Output, StringComparison.Ordinal);
        Assert.Equal(2, (await perb.RunAsync("forget", "101")).ExitCode);
        (await perb.RunAsync("forget", "101", "--yes")).Ok();

        Assert.Equal(["perb.json"], perb.Objects());
        Assert.All(await perb.ListAsync(), one => Assert.Equal("pruned", (string?)one!["state"]));
        Assert.Equal(3, names.Count);
    }

    private static (string, JsonNode?) Retention => ("Remotes:0:Retention", JsonNode.Parse("""{ "KeepLast": 1, "KeepAtLeast": 2 }"""));

    private static async Task<List<string>> ShippedAsync(PerbInstallation perb, int archives)
    {
        perb.Configure(Retention);
        var names = Enumerable.Range(0, archives).Reverse().Select(age => perb.AddArchive(101, TimeSpan.FromHours(1 + (24 * age)))).ToList();
        (await perb.RunAsync("once")).Ok();
        return names;
    }
}
