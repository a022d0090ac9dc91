using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Perb.Simulation.Http;

/// <summary>Kestrel, made to behave like pveproxy: HTTP/1.1 over TLS 1.2 or 1.3, short keep-alive, the leaf alone.</summary>
internal sealed class NodeServer : IAsyncDisposable
{
    private readonly WebApplication _application;

    private NodeServer(WebApplication application) => _application = application;

    public Uri Url => new(_application.Urls.Single());

    public static async Task<NodeServer> StartAsync(
        SimulatedNodeOptions options, NodeCertificates certificates, RequestDelegate answer, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.KeepAliveTimeout = options.KeepAliveTimeout;
            kestrel.Limits.MaxRequestHeadersTotalSize = 8 * 1024;
            kestrel.Limits.MaxRequestHeaderCount = 64;
            // The API itself refuses a body over 512 KiB, with 501.
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(IPAddress.Loopback, options.Port, listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                listen.UseHttps(new HttpsConnectionAdapterOptions
                {
                    ServerCertificateSelector = (_, _) => certificates.Leaf,
                });
            });
        });
        var application = builder.Build();
        application.Run(answer);
        await application.StartAsync(cancellationToken);
        return new NodeServer(application);
    }

    public async ValueTask DisposeAsync()
    {
        // A client's open request must not hold up the end of a test.
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await _application.StopAsync(limit.Token);
        await _application.DisposeAsync();
    }
}
