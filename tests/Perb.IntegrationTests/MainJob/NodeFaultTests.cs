using System.Text.Json.Nodes;
using Perb.IntegrationTests.Installation;
using Perb.IntegrationTests.Transfer;
using Perb.Simulation.Http;

namespace Perb.IntegrationTests.MainJob;

/// <summary>A node that fails while the service runs: a backup made meanwhile is published once it answers.</summary>
[Trait("Suite", "long")]
public sealed class NodeFaultTests(SharedKey key) : IClassFixture<SharedKey>
{
    [Theory]
    [InlineData(FaultKind.Status, 500, "Internal Server Error")]
    [InlineData(FaultKind.Status, 595, "Connection refused")]
    [InlineData(FaultKind.Status, 596, "Connection timed out")]
    [InlineData(FaultKind.Close, 0, "")]
    [InlineData(FaultKind.CutShort, 0, "")]
    [InlineData(FaultKind.TruncatedJson, 0, "")]
    [InlineData(FaultKind.Html, 0, "")]
    [InlineData(FaultKind.Slow, 0, "")]
    [InlineData(FaultKind.Unauthorized, 401, "")]
    public async Task A_backup_made_while_the_node_fails_is_published_when_it_answers(FaultKind kind, int status, string reason)
    {
        await using var perb = await StartAsync();
        perb.AddContainer(101, "web");
        await using var service = perb.Run();
        await service.SaysAsync("Remote offsite is ready");

        perb.Node.Faults.Add(new Fault(kind) { Times = 5, Status = status, Reason = reason, Delay = TimeSpan.FromSeconds(2) });
        await perb.BackUpAsync(TestContext.Current.CancellationToken, 101);

        await service.SaysAsync("Published 101-");
        await Eventually.HoldsAsync("the trouble is over", async () => (await perb.StatusAsync())["troubles"]!.AsArray().Count == 0);
        Assert.Equal(0, await service.TerminateAsync());
        Assert.DoesNotContain("   at ", service.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_renewed_certificate_of_the_same_authority_changes_nothing()
    {
        await using var perb = await StartAsync();
        await using var service = perb.Run();
        await service.SaysAsync("Remote offsite is ready");

        await RestartWithNewCertificateAsync(perb);
        perb.AddContainer(101, "web");
        await perb.BackUpAsync(TestContext.Current.CancellationToken, 101);

        await service.SaysAsync("Published 101-");
        await Eventually.HoldsAsync("the trouble is over", async () => (await perb.StatusAsync())["troubles"]!.AsArray().Count == 0);
        Assert.Equal(0, await service.TerminateAsync());
    }

    [Fact]
    public async Task A_renewed_certificate_that_was_pinned_is_told_with_its_fingerprint_and_stops_discovery_only()
    {
        await using var perb = await StartAsync();
        perb.Configure(("Proxmox:CaFile", null), ("Proxmox:Fingerprints", new JsonArray(perb.Node.Fingerprint)), ("Remotes:0:BandwidthLimit", "2Mi"));
        var name = perb.AddArchive(101, TimeSpan.FromHours(1), 5 << 20);
        await using (var service = perb.Run())
        {
            await service.SaysAsync($"Sealing {name}");

            await RestartWithNewCertificateAsync(perb);

            await service.SaysAsync(perb.Node.Fingerprint);
            await service.SaysAsync($"Published {name}");
            Assert.Equal(0, await service.TerminateAsync());
        }

        perb.Configure(("Proxmox:CaFile", null), ("Proxmox:Fingerprints", new JsonArray(perb.Node.Fingerprint)));
        (await perb.RunAsync("once")).Ok();
        Assert.Empty((await perb.StatusAsync())["troubles"]!.AsArray());
    }

    [Fact]
    public async Task A_rotated_token_is_named_and_its_new_secret_catches_up()
    {
        await using var perb = await StartAsync();
        perb.AddContainer(101, "web");
        await using (var service = perb.Run())
        {
            await service.SaysAsync("Remote offsite is ready");
            perb.Node.Access.RemoveToken(PerbInstallation.TokenId);
            var secret = perb.Node.CreateToken(PerbInstallation.TokenId, PerbInstallation.AllPrivileges);
            await perb.BackUpAsync(TestContext.Current.CancellationToken, 101);

            await service.SaysAsync("Trouble with proxmox");
            await Eventually.HoldsAsync("status names token and key", async () =>
                (await perb.StatusAsync())["troubles"]!.ToJsonString() is var told
                && told.Contains(PerbInstallation.TokenId, StringComparison.Ordinal) && told.Contains("401", StringComparison.Ordinal));
            Assert.Equal(0, await service.TerminateAsync());
            perb.WriteSecret("token", secret);
        }

        await using var next = perb.Run();
        await next.SaysAsync("Published 101-");
        await next.SaysAsync("Trouble with proxmox is over");
    }

    private Task<PerbInstallation> StartAsync() => PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);

    private static async Task RestartWithNewCertificateAsync(PerbInstallation perb)
    {
        var (port, before) = (perb.Node.Url.Port, perb.Node.Fingerprint);
        perb.Node.RenewCertificate();
        await perb.Node.DisposeAsync();
        await perb.StartNodeAsync(port, TestContext.Current.CancellationToken);
        Assert.NotEqual(before, perb.Node.Fingerprint);
    }
}
