using System.Text.Json.Nodes;
using Perb.IntegrationTests.Installation;
using Perb.IntegrationTests.Transfer;
using Perb.Simulation.Storage;

namespace Perb.IntegrationTests.BadInput;

/// <summary>What goes wrong while the service runs: it says so, goes on with the rest, and recovers by itself.</summary>
[Trait("Suite", "long")]
public sealed class TroubleTests(SharedKey key) : IClassFixture<SharedKey>
{
    [Fact]
    public async Task A_service_that_starts_before_its_node_recovers()
    {
        await using var perb = await StartAsync();
        var port = perb.Node.Url.Port;
        await perb.Node.DisposeAsync();
        await using var service = perb.Run();
        await service.SaysAsync("Trouble with proxmox");
        await Eventually.HoldsAsync("status shows the trouble", () => HasTroubleAsync(perb, "proxmox"));

        var name = perb.AddArchive(101, TimeSpan.FromHours(1));
        await perb.StartNodeAsync(port, TestContext.Current.CancellationToken);

        await service.SaysAsync("Trouble with proxmox is over");
        await service.SaysAsync($"Published {name}");
        Assert.Empty((await perb.StatusAsync())["troubles"]!.AsArray());
        await EndsWellAsync(service);
    }

    [Fact]
    public async Task A_revoked_token_stops_discovery_only_and_only_while_it_is_revoked()
    {
        await using var perb = await StartAsync();
        perb.Configure(("Remotes:0:BandwidthLimit", "2Mi"));
        var shipping = perb.AddArchive(101, TimeSpan.FromHours(1), 5 << 20);
        await using var service = perb.Run();
        await service.SaysAsync($"Sealing {shipping}");
        var token = perb.Node.Access.Tokens.Single();

        perb.Node.Access.RemoveToken(PerbInstallation.TokenId);
        await service.SaysAsync("Trouble with proxmox");
        await Eventually.HoldsAsync("status shows the trouble", () => HasTroubleAsync(perb, "proxmox"));
        await service.SaysAsync($"Published {shipping}");
        perb.AddContainer(102, "web");
        await perb.BackUpAsync(TestContext.Current.CancellationToken, 102);
        perb.Node.Access.SetToken(token);

        await service.SaysAsync("Trouble with proxmox is over");
        await service.SaysAsync("Published 102-");
        await EndsWellAsync(service);
    }

    [Fact]
    public async Task A_storage_that_goes_away_is_trouble_and_no_evidence()
    {
        await using var perb = await StartAsync();
        perb.Node.AddStorage(new StorageDefinition("nas") { Path = perb.FolderOf("nas"), IsMountpoint = true });
        perb.AddContainer(101, "web");
        await using var service = perb.Run();
        await service.SaysAsync("Remote offsite is ready");

        perb.Node.Storages.Change("nas", storage => storage with { Mounted = false });
        await perb.BackUpAsync(TestContext.Current.CancellationToken, 101);
        await service.SaysAsync("Trouble with storage nas: it is not active");
        await service.SaysAsync("Published 101-");
        var late = perb.AddArchive(105, TimeSpan.FromHours(1), storage: "nas");
        perb.Node.Storages.Change("nas", storage => storage with { Mounted = true });
        perb.AddContainer(102, "db");
        await perb.BackUpAsync(TestContext.Current.CancellationToken, 102);

        await service.SaysAsync("Trouble with storage nas is over");
        await service.SaysAsync($"Published {late}");
        await EndsWellAsync(service);
    }

    [Fact]
    public async Task Trouble_with_a_storage_ends_when_Proxmox_no_longer_has_it()
    {
        await using var perb = await StartAsync();
        perb.Node.AddStorage(new StorageDefinition("nas") { Path = perb.FolderOf("nas"), IsMountpoint = true });
        perb.Node.Storages.Change("nas", storage => storage with { Mounted = false });
        var away = await perb.RunAsync("once");
        Assert.Equal(75, away.ExitCode);
        Assert.Contains("storage nas", away.Errors, StringComparison.Ordinal);

        perb.Node.Storages.Remove("nas");

        var ended = await perb.RunAsync("once");
        Assert.True(ended.ExitCode == 0, ended.Errors);
        Assert.Empty((await perb.StatusAsync())["troubles"]!.AsArray());
    }

    [Fact]
    public async Task Trouble_that_a_service_left_behind_ends_with_a_run_that_went_well()
    {
        await using var perb = await StartAsync();
        await using (var service = perb.Run())
        {
            await service.SaysAsync("Remote offsite is ready");
            perb.Node.Access.Revoke("perb@pve", "/");
            perb.Node.Access.RemoveToken(PerbInstallation.TokenId);
            await service.SaysAsync("Trouble with proxmox");
            await Eventually.HoldsAsync("status shows the trouble", () => HasTroubleAsync(perb, "proxmox"));
            await EndsWellAsync(service);
        }

        perb.WriteSecret("token", perb.Node.CreateToken(PerbInstallation.TokenId, PerbInstallation.AllPrivileges));

        Assert.Equal(0, (await perb.RunAsync("once")).ExitCode);
        Assert.Empty((await perb.StatusAsync())["troubles"]!.AsArray());
    }

    [Fact]
    public async Task A_remote_that_goes_away_keeps_its_backups_waiting()
    {
        await using var perb = await StartAsync();
        perb.AddArchive(101, TimeSpan.FromHours(3));
        (await perb.RunAsync("once")).Ok();
        Directory.Move(perb.RemoteFolder, perb.PathOf("away"));
        File.WriteAllText(perb.RemoteFolder, "a file where the mount point was");
        var name = perb.AddArchive(102, TimeSpan.FromHours(1));

        var away = await perb.RunAsync("once");

        Assert.True(away.ExitCode == 75, $"{away.ExitCode}: {away.Errors}");
        OneLine.NoTrace(away);
        Assert.Contains("remote offsite", (await perb.StatusAsync())["troubles"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.Single((await perb.StatusAsync())["queue"]!.AsArray());

        File.Delete(perb.RemoteFolder);
        Directory.Move(perb.PathOf("away"), perb.RemoteFolder);
        Assert.Equal(0, (await perb.RunAsync("once")).ExitCode);
        Assert.Contains($"{name}.sums", perb.Objects());
        Assert.Empty((await perb.StatusAsync())["troubles"]!.AsArray());
    }

    [Fact]
    public async Task A_remote_that_lost_its_owner_file_is_not_taken_for_a_new_one()
    {
        await using var perb = await StartAsync();
        perb.AddArchive(101, TimeSpan.FromHours(3));
        (await perb.RunAsync("once")).Ok();
        Directory.Move(perb.RemoteFolder, perb.PathOf("away"));
        perb.FolderOf("remote");
        perb.AddArchive(102, TimeSpan.FromHours(1));

        var unmounted = await perb.RunAsync("once");

        Assert.Equal(78, unmounted.ExitCode);
        OneLine.NoTrace(unmounted);
        Assert.Contains("perb.json", unmounted.Errors, StringComparison.Ordinal);
        Assert.Contains("mounted", unmounted.Errors, StringComparison.Ordinal);
        Assert.Empty(perb.Objects());
    }

    [Fact]
    public async Task One_refused_remote_does_not_hold_up_the_other()
    {
        await using var perb = await StartAsync();
        var name = perb.AddArchive(101, TimeSpan.FromHours(1));
        File.WriteAllText(Path.Combine(perb.FolderOf("foreign"), "perb.json"), """{"format":1,"installation":"somebody-else"}""");
        perb.Configure(("Remotes", new JsonArray(
            JsonNode.Parse($$"""{ "Name": "foreign", "Path": "{{perb.PathOf("foreign")}}" }"""),
            JsonNode.Parse($$"""{ "Name": "offsite", "Path": "offsite:{{perb.RemoteFolder}}" }"""))));
        await using var service = perb.Run();

        await service.SaysAsync("Trouble with remote foreign: ");
        await service.SaysAsync($"Published {name} on offsite");

        Assert.True(await HasTroubleAsync(perb, "remote foreign"));
        await EndsWellAsync(service);
    }

    private Task<PerbInstallation> StartAsync() => PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);

    private static async Task<bool> HasTroubleAsync(PerbInstallation perb, string subject) =>
        (await perb.StatusAsync())["troubles"]!.AsArray().Any(trouble => (string)trouble!["subject"]! == subject);

    private static async Task EndsWellAsync(PerbProcess service)
    {
        Assert.Equal(0, await service.TerminateAsync());
        Assert.DoesNotContain("   at ", service.Output, StringComparison.Ordinal);
    }
}
