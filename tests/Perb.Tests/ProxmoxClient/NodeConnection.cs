using System.Security.Cryptography.X509Certificates;
using Perb.ProxmoxClient;
using Perb.TestKit.Http;

namespace Perb.Tests.ProxmoxClient;

/// <summary>A scripted node and a client that has its certificate pinned.</summary>
internal sealed class NodeConnection : IAsyncDisposable
{
    public const string Secret = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee";
    public const string Volume = "local:backup/vzdump-qemu-100-2026_11_20-02_00_01.vma.zst";

    private static readonly Lazy<X509Certificate2> Certificate = new(() =>
    {
        using var authority = new TestAuthority();
        return authority.Issue();
    });

    private readonly HttpClient _http;

    public NodeConnection(Func<RawRequest, RawAnswer> answer, TimeSpan? timeout = null)
    {
        Node = new ScriptedNode(Certificate.Value, answer);
        _http = ProxmoxConnection.Open(Options(Node) with
        {
            Fingerprints = [Node.Fingerprint],
            Timeout = timeout ?? TimeSpan.FromSeconds(60),
        });
        Api = new ProxmoxApi(_http);
    }

    public ScriptedNode Node { get; }

    public ProxmoxApi Api { get; }

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    public static ProxmoxOptions Options(ScriptedNode node) => new()
    {
        Url = node.Url,
        TokenId = "perb@pve!node",
        Secret = new ApiSecret(Secret),
    };

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await Node.DisposeAsync();
    }
}
