using System.Text.Json.Nodes;
using Perb.IntegrationTests.Installation;
using Perb.IntegrationTests.Transfer;
using Perb.Simulation.Access;
using Perb.Simulation.Http;

namespace Perb.IntegrationTests.BadInput;

/// <summary>A node that is not the one, does not let us in, does not answer, or answers nonsense.</summary>
public sealed class ConnectionTests(SharedInstallation shared) : IClassFixture<SharedInstallation>
{
    private readonly PerbInstallation _perb = shared.Perb;

    [Fact]
    public async Task A_wrong_fingerprint_shows_the_one_that_was_presented()
    {
        _perb.Configure(("Proxmox:CaFile", null), ("Proxmox:Fingerprints", new JsonArray(string.Join(':', Enumerable.Repeat("AB", 32)))));
        await EndsAsync(78, _perb.Node.Fingerprint, "Proxmox:Fingerprints", "/etc/pve/local/pve-ssl.pem");

        _perb.Configure(("Proxmox:CaFile", null), ("Proxmox:Fingerprints", new JsonArray(_perb.Node.Fingerprint)));
        Assert.Equal(0, (await _perb.RunAsync("once")).ExitCode);

        _perb.Configure(("Proxmox:Fingerprints", new JsonArray("AB:CD")));
        await EndsAsync(78, "Proxmox:Fingerprints", "AB:CD", "64 hex digits");
    }

    [Fact]
    public async Task A_wrong_or_missing_authority_is_named()
    {
        File.WriteAllText(_perb.PathOf("empty.pem"), "");
        using var other = new Perb.TestKit.Http.TestAuthority();
        File.WriteAllText(_perb.PathOf("other.pem"), other.Pem);
        _perb.Configure(("Proxmox:CaFile", _perb.PathOf("other.pem")));
        await EndsAsync(78, "not signed by the authority in Proxmox:CaFile", _perb.Node.Fingerprint);

        _perb.Configure(("Proxmox:CaFile", _perb.PathOf("missing.pem")));
        await EndsAsync(78, "Proxmox:CaFile", _perb.PathOf("missing.pem"));

        _perb.Configure(("Proxmox:CaFile", _perb.PathOf("empty.pem")));
        await EndsAsync(78, _perb.PathOf("empty.pem"), "holds no certificate");

        _perb.Configure(("Proxmox:CaFile", null));
        await EndsAsync(78, "system does not trust", "pve-root-ca.pem");
    }

    [Fact]
    public async Task A_wrong_expired_or_unknown_token_is_refused()
    {
        _perb.Configure(("Proxmox:TokenSecretFile", _perb.WriteSecret("wrong", Guid.NewGuid().ToString())));
        await EndsAsync(78, PerbInstallation.TokenId, "401");

        _perb.Configure(("Proxmox:TokenId", "perb@pve!nobody"));
        await EndsAsync(78, "perb@pve!nobody", "401");

        var secret = _perb.Node.CreateToken("perb@pve!expired", PerbInstallation.AllPrivileges);
        _perb.Node.Access.SetToken(new NodeToken("perb@pve!expired", secret) { Expires = TimeProvider.System.GetUtcNow().AddDays(-1) });
        _perb.Configure(("Proxmox:TokenId", "perb@pve!expired"), ("Proxmox:TokenSecretFile", _perb.WriteSecret("expired", secret)));
        await EndsAsync(78, "perb@pve!expired", "401");
    }

    [Fact]
    public async Task A_service_that_is_not_let_in_stays_and_goes_on_once_it_is()
    {
        await using var perb = await PerbInstallation.StartAsync(_perb.Key, TestContext.Current.CancellationToken);
        var name = perb.AddArchive(101, TimeSpan.FromHours(1));
        var token = new NodeToken(PerbInstallation.TokenId, perb.Secret);
        perb.Node.Access.SetToken(token with { Expires = TimeProvider.System.GetUtcNow().AddDays(-1) });
        await using var service = perb.Run();
        await service.SaysAsync("Trouble with proxmox: ");
        Assert.Contains("401", (await perb.RunAsync("status")).Output, StringComparison.Ordinal);

        perb.Node.Access.SetToken(token);

        await service.SaysAsync($"Published {name}");
        Assert.Equal(0, await service.TerminateAsync());
    }

    [Fact]
    public async Task A_token_without_privileges_gets_the_lines_that_give_them()
    {
        var secret = _perb.Node.CreateToken("blind@pve!node", []);
        _perb.Configure(("Proxmox:TokenId", "blind@pve!node"), ("Proxmox:TokenSecretFile", _perb.WriteSecret("blind", secret)));

        await EndsAsync(
            78,
            "pveum role add PerbWatch --privs \"Sys.Audit Datastore.Audit VM.Audit Pool.Audit\"",
            "pveum acl modify / --users blind@pve --roles PerbWatch",
            "pveum acl modify / --tokens 'blind@pve!node' --roles PerbWatch");
    }

    [Fact]
    public async Task A_token_that_sees_only_storages_works_and_is_told_what_it_misses()
    {
        await using var perb = await PerbInstallation.StartAsync(_perb.Key, TestContext.Current.CancellationToken);
        var name = perb.AddArchive(101, TimeSpan.FromHours(1));
        var secret = perb.Node.CreateToken("half@pve!node", ["Datastore.Audit"]);
        perb.Configure(("Proxmox:TokenId", "half@pve!node"), ("Proxmox:TokenSecretFile", perb.WriteSecret("half", secret)));

        var once = await perb.RunAsync("once");

        Assert.True(once.ExitCode == 0, once.Errors);
        Assert.Contains($"{name}.sums", perb.Objects());
        Assert.Contains("lacks Sys.Audit on /nodes/pve1, VM.Audit on /vms, Pool.Audit on /pool", once.Errors, StringComparison.Ordinal);
        Assert.Contains("pveum", (await perb.RunAsync("status")).Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("@customers", "Pool.Audit")]
    [InlineData("#private", "VM.Audit")]
    public async Task A_rule_that_the_token_cannot_judge_is_refused_rather_than_ignored(string rule, string privilege)
    {
        var secret = _perb.Node.CreateToken("narrow@pve!node", ["Sys.Audit", "Datastore.Audit"]);
        _perb.Configure(
            ("Proxmox:TokenId", "narrow@pve!node"),
            ("Proxmox:TokenSecretFile", _perb.WriteSecret("narrow", secret)),
            ("Discovery:Exclude", new JsonArray(rule)));

        await EndsAsync(78, "Perb:Discovery", rule, privilege, "pveum");
    }

    [Fact]
    public async Task A_web_page_instead_of_the_API_is_recognised()
    {
        _perb.Configure();
        await FailsWithAsync(new Fault(FaultKind.Html) { Times = 1000 }, 78, _perb.Node.Url.Authority);
    }

    [Fact]
    public async Task An_answer_that_is_cut_off_is_worth_another_try()
    {
        _perb.Configure();
        await FailsWithAsync(new Fault(FaultKind.TruncatedJson) { Times = 1000 }, 75, "/access/permissions");
        await FailsWithAsync(new Fault(FaultKind.CutShort) { Times = 1000, Path = "/tasks" }, 75, _perb.Node.Url.Authority);
        await FailsWithAsync(new Fault(FaultKind.Close) { Times = 1000, Path = "/storage" }, 75, _perb.Node.Url.Authority);
        await FailsWithAsync(new Fault(FaultKind.Status) { Times = 1000, Path = "/storage", Status = 596, Reason = "Connection timed out" }, 75, "/storage");
    }

    [Fact]
    public async Task A_node_that_is_away_is_worth_another_try()
    {
        _perb.Configure(("Proxmox:Url", "https://127.0.0.1:1/"));

        await EndsAsync(75, "127.0.0.1:1");
    }

    [Fact]
    public async Task An_unknown_storage_is_told_with_those_that_are_there()
    {
        _perb.Configure(("Discovery:Storages", new JsonArray("local", "nas")));

        await EndsAsync(78, "Perb:Discovery:Storages", "nas", "it shows: local");
    }

    [Fact]
    public async Task An_unknown_node_name_is_told()
    {
        _perb.Configure(("Proxmox:Node", "pve9"));

        await EndsAsync(78, "pve9", "Perb:Proxmox:Node");
    }

    private async Task FailsWithAsync(Fault fault, int exitCode, params string[] words)
    {
        _perb.Node.Faults.Add(fault);
        try
        {
            await EndsAsync(exitCode, words);
        }
        finally
        {
            _perb.Node.Faults.Clear();
        }
    }

    private async Task EndsAsync(int exitCode, params string[] words)
    {
        var ended = await _perb.RunAsync("once");
        Assert.True(ended.ExitCode == exitCode, $"{ended.ExitCode}: {ended.Errors}");
        OneLine.In(ended, words);
    }
}
