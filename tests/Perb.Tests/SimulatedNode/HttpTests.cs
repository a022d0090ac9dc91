using System.Text;
using Perb.Simulation;
using Perb.Simulation.Access;
using Perb.Simulation.Http;

namespace Perb.Tests.Simulation;

public sealed class HttpTests
{
    [Fact]
    public async Task A_certificate_renewed_while_running_keeps_the_authority_and_changes_the_fingerprint()
    {
        await using var node = await NodeUnderTest.StartAsync();
        var token = node.RootToken();
        var before = node.Node.Fingerprint;

        node.Node.RenewCertificate();
        var answer = await node.GetAsync("nodes", token);

        Assert.NotEqual(before, node.Node.Fingerprint);
        Assert.Equal(node.Node.Fingerprint, answer.Items[0]!["ssl_fingerprint"]!.ToString());
    }

    [Theory]
    [InlineData(null, "No ticket")]
    [InlineData("Bearer x", "No ticket")]
    [InlineData("pveapitoken=perb@pve!node={0}", "No ticket")]
    [InlineData("PVEAPIToken=", "No ticket")]
    [InlineData("PVEAPIToken=perb@pve!node:{0}", "Authentication failed!")]
    [InlineData("PVEAPIToken=perb@pve!node=wrong", "Authentication failed!")]
    [InlineData("PVEAPIToken=perb@pve!other={0}", "Authentication failed!")]
    [InlineData("PVEAPIToken=perb@pve!node", "Authentication failed!")]
    public async Task A_refused_credential_is_a_401_that_says_so_in_the_reason_alone(string? header, string reason)
    {
        await using var node = await NodeUnderTest.StartAsync();
        var secret = node.Node.CreateToken("perb@pve!node", NodeUnderTest.WatcherPrivileges);

        using var response = await SendAsync(node.Node, header?.Replace("{0}", secret, StringComparison.Ordinal));

        Assert.Equal(401, (int)response.StatusCode);
        Assert.Equal(reason, response.ReasonPhrase);
        Assert.Equal("", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.True(response.Headers.ConnectionClose);
    }

    [Theory]
    [InlineData("PVEAPIToken=perb@pve!node={0}")]
    [InlineData("PVEAPIToken perb@pve!node={0}")]
    [InlineData("PVEAPIToken=perb%40pve%21node={0}")]
    public async Task A_token_may_be_written_in_these_ways(string header)
    {
        await using var node = await NodeUnderTest.StartAsync();
        var secret = node.Node.CreateToken("perb@pve!node", NodeUnderTest.WatcherPrivileges);

        using var response = await SendAsync(node.Node, header.Replace("{0}", secret, StringComparison.Ordinal));

        Assert.Equal(200, (int)response.StatusCode);
    }

    [Fact]
    public async Task Expired_tokens_disabled_users_and_rotated_secrets_are_refused_alike()
    {
        await using var node = await NodeUnderTest.StartAsync();
        node.Remember(new NodeToken("a@pve!old", "secret") { Expires = DateTimeOffset.UnixEpoch });
        node.Remember(new NodeToken("b@pve!off", "secret"));
        node.Node.Access.SetUser(new NodeUser("b@pve") { Enabled = false });
        var rotated = node.Token("c@pve!new", ("/", NodeUnderTest.WatcherPrivileges));
        node.Node.Access.RotateToken(rotated);

        foreach (var token in new[] { "a@pve!old", "b@pve!off", rotated })
        {
            var answer = await node.GetAsync("version", token);
            Assert.Equal((401, "Authentication failed!"), (answer.Status, answer.Reason));
        }
    }

    [Theory]
    [InlineData("GET", "nosuch/path", 501, "Method 'GET /nosuch/path' not implemented")]
    [InlineData("POST", "version", 501, "Method 'POST /version' not implemented")]
    [InlineData("HEAD", "version", 501, "method 'HEAD' not available")]
    [InlineData("GET", "nodes/pve9/tasks", 500, "hostname lookup 'pve9' failed - failed to get address info for: pve9: Name or service not known")]
    [InlineData("GET", "nodes/pve1/tasks?limit=-1", 400, "Parameter verification failed.")]
    [InlineData("GET", "nodes/pve1/tasks?since=1.5", 400, "Parameter verification failed.")]
    [InlineData("GET", "nodes/pve1/tasks?errors=true", 400, "Parameter verification failed.")]
    [InlineData("GET", "nodes/pve1/tasks?colour=red", 400, "Parameter verification failed.")]
    [InlineData("GET", "nodes/localhost/tasks?limit=99999999999999999999", 200, "OK")]
    public async Task Paths_methods_and_parameters_are_refused_as_Proxmox_does(string method, string path, int status, string reason)
    {
        await using var node = await NodeUnderTest.StartAsync();

        var answer = await node.SendAsync(new HttpMethod(method), path, node.RootToken());

        Assert.Equal((status, reason), (answer.Status, answer.Reason));
    }

    [Fact]
    public async Task A_chunked_body_is_not_supported()
    {
        await using var node = await NodeUnderTest.StartAsync();
        using var content = new StreamContent(new UnknownLengthStream("notes=a"));

        var answer = await node.SendAsync(HttpMethod.Post, "nodes/pve1/vzdump", node.RootToken(), content);

        Assert.Equal((501, "chunked transfer encoding not supported"), (answer.Status, answer.Reason));
    }

    [Fact]
    public async Task Ordered_faults_are_used_up_one_by_one_and_only_where_they_match()
    {
        await using var node = await NodeUnderTest.StartAsync();
        var token = node.RootToken();
        node.Node.Faults.Add(new Fault(FaultKind.Status) { Path = "/version", Status = 595, Reason = "Connection refused" });
        node.Node.Faults.Add(new Fault(FaultKind.Html) { Path = "/version" });
        node.Node.Faults.Add(new Fault(FaultKind.TruncatedJson) { Path = "/version" });
        node.Node.Faults.Add(new Fault(FaultKind.Unauthorized) { Path = "/version" });

        Assert.Equal(200, (await node.GetAsync("nodes", token)).Status);
        var refused = await node.GetAsync("version", token);
        Assert.Equal((595, "Connection refused", ""), (refused.Status, refused.Reason, refused.Body));
        Assert.StartsWith("<!DOCTYPE html>", (await node.GetAsync("version", token)).Body, StringComparison.Ordinal);
        Assert.DoesNotContain("}", (await node.GetAsync("version", token)).Body, StringComparison.Ordinal);
        Assert.Equal(401, (await node.GetAsync("version", token)).Status);
        Assert.Equal(200, (await node.GetAsync("version", token)).Status);
    }

    [Theory]
    [InlineData(FaultKind.Close)]
    [InlineData(FaultKind.CutShort)]
    public async Task A_connection_can_end_without_or_within_an_answer(FaultKind kind)
    {
        await using var node = await NodeUnderTest.StartAsync();
        var token = node.RootToken();
        // HttpClient tries a GET again when a connection ends before any answer.
        node.Node.Faults.Add(new Fault(kind) { Times = 10 });

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => node.GetAsync("version", token));

        node.Node.Faults.Clear();
        Assert.Equal(200, (await node.GetAsync("version", token)).Status);
    }

    private static async Task<HttpResponseMessage> SendAsync(SimulatedNode node, string? authorization)
    {
        using var client = NodeUnderTest.ClientOf(node);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api2/json/version");
        if (authorization is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        }

        return await client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private sealed class UnknownLengthStream(string text) : MemoryStream(Encoding.UTF8.GetBytes(text))
    {
        public override bool CanSeek => false;
    }
}
