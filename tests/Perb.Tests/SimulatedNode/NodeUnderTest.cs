using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Perb.Simulation;
using Perb.Simulation.Access;

namespace Perb.Tests.Simulation;

/// <summary>A simulated node in a directory of its own, and a plain HTTP client that trusts nothing but its CA.</summary>
public sealed class NodeUnderTest : IAsyncDisposable
{
    public static readonly IReadOnlyList<string> WatcherPrivileges = ["Sys.Audit", "Datastore.Audit", "VM.Audit", "Pool.Audit"];

    private readonly Dictionary<string, string> _secrets = [];
    private readonly HttpClient _client;

    private NodeUnderTest(SimulatedNode node)
    {
        Node = node;
        _client = ClientOf(node);
    }

    public SimulatedNode Node { get; }

    public string Directory => Path.GetDirectoryName(Node.Options.Directory)!;

    public static async Task<NodeUnderTest> StartAsync(Func<SimulatedNodeOptions, SimulatedNodeOptions>? change = null)
    {
        var directory = System.IO.Directory.CreateTempSubdirectory("perb-node-").FullName;
        var options = new SimulatedNodeOptions { Directory = Path.Combine(directory, "node"), AuthenticationDelay = TimeSpan.Zero };
        var node = await SimulatedNode.StartAsync(change?.Invoke(options) ?? options, TestContext.Current.CancellationToken);
        return new NodeUnderTest(node);
    }

    public static HttpClient ClientOf(SimulatedNode node)
    {
        var authority = X509CertificateLoader.LoadCertificateFromFile(node.CaFile);
        return new HttpClient(new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions
            {
                CertificateChainPolicy = new X509ChainPolicy
                {
                    TrustMode = X509ChainTrustMode.CustomRootTrust,
                    CustomTrustStore = { authority },
                    RevocationMode = X509RevocationMode.NoCheck,
                },
            },
        })
        {
            BaseAddress = node.Url,
        };
    }

    public string PathOf(string name) => Path.Combine(Directory, name);

    /// <summary>A token whose rights are exactly these, on these paths.</summary>
    public string Token(string id, params (string Path, IReadOnlyList<string> Privileges)[] grants)
    {
        _secrets[id] = Node.CreateToken(id, grants[0].Privileges, grants[0].Path);
        foreach (var (path, privileges) in grants.Skip(1))
        {
            Node.Grant(id, privileges, path);
        }

        return id;
    }

    public string RootToken()
    {
        const string Id = "root@pam!full";
        Remember(new NodeToken(Id, "11111111-2222-3333-4444-555555555555") { PrivilegeSeparation = false });
        return Id;
    }

    public void Remember(NodeToken token)
    {
        Node.Access.SetToken(token);
        _secrets[token.Id] = token.Secret;
    }

    public Task<NodeAnswer> GetAsync(string path, string? token) => SendAsync(HttpMethod.Get, path, token);

    public async Task<NodeAnswer> SendAsync(HttpMethod method, string path, string? token, HttpContent? content = null)
    {
        using var request = new HttpRequestMessage(method, "/api2/json/" + path) { Content = content };
        if (token is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", $"PVEAPIToken={token}={_secrets[token]}");
        }

        using var response = await _client.SendAsync(request, TestContext.Current.CancellationToken);
        var body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return new NodeAnswer((int)response.StatusCode, response.ReasonPhrase ?? "", body);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await Node.DisposeAsync();
        System.IO.Directory.Delete(Directory, recursive: true);
    }
}

public sealed record NodeAnswer(int Status, string Reason, string Body)
{
    public JsonNode? Json => JsonNode.Parse(Body);

    public JsonNode? Data => Json!["data"];

    public JsonArray Items => Data!.AsArray();

    public IReadOnlyList<string> Texts(string field) => [.. Items.Select(item => item![field]!.ToString())];
}
