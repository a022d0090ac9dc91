using System.Net.Security;
using System.Security.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Perb.Scheduler.Configuration;

namespace Perb.Scheduler.StatusPage;

/// <summary>
/// Kestrel in its smallest shape, bounded in everything that a stranger could use up. A host of its own inside the service: it reads no
/// configuration and no environment, hears no signals, and logs where the service logs.
/// </summary>
internal sealed class PageSite : IAsyncDisposable
{
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(2);

    private readonly WebApplication _application;

    private PageSite(WebApplication application) => _application = application;

    /// <summary>With a slash at its end.</summary>
    public string Url => new Uri(_application.Urls.First()).AbsoluteUri;

    /// <exception cref="IOException">The address cannot be listened on.</exception>
    public static async Task<PageSite> StartAsync(
        StatusSection status, PageSecrets secrets, PageAnswers answers, ILoggerFactory loggers, CancellationToken stopping)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(loggers).AddSingleton<IHostLifetime, NoSignals>();
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            Bound(kestrel);
            kestrel.Listen(status.Listen!, listen =>
            {
                listen.Protocols = secrets.Certificate is null ? HttpProtocols.Http1 : HttpProtocols.Http1AndHttp2;
                if (secrets.Certificate is { } certificate)
                {
                    UseTls(listen, certificate, loggers.CreateLogger<PageSite>());
                }
            });
        });
        var application = builder.Build();
        application.Run(context => answers.AnswerAsync(context, stopping));
        try
        {
            await application.StartAsync(stopping);
            return new PageSite(application);
        }
        catch
        {
            await application.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(EndPatience);
        await _application.StopAsync(limit.Token);
        await _application.DisposeAsync();
    }

    // A person's browser asks for a handful of things; sixteen listen, a monitoring system or two scrape.
    private static void Bound(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        kestrel.AllowResponseHeaderCompression = false;
        kestrel.Limits.MaxConcurrentConnections = 64;
        kestrel.Limits.MaxConcurrentUpgradedConnections = 0;
        kestrel.Limits.MaxRequestLineSize = 2048;
        kestrel.Limits.MaxRequestHeaderCount = 50;
        kestrel.Limits.MaxRequestHeadersTotalSize = 16 * 1024;
        kestrel.Limits.MaxRequestBodySize = 1024;
        kestrel.Limits.MaxRequestBufferSize = 32 * 1024;
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        kestrel.Limits.KeepAliveTimeout = TimeSpan.FromMinutes(1);
        kestrel.Limits.Http2.MaxStreamsPerConnection = 32;
    }

    private static void UseTls(ListenOptions listen, PageCertificate certificate, ILogger logger) => listen.UseHttps(new TlsHandshakeCallbackOptions
    {
        OnConnection = _ => ValueTask.FromResult(new SslServerAuthenticationOptions
        {
            ServerCertificateContext = certificate.Current(logger),
#pragma warning disable CA5398 // The two that are not broken; a system that forbids the older one still forbids it.
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
#pragma warning restore CA5398
        }),
    });

    /// <summary>Signals are the service's own.</summary>
    private sealed class NoSignals : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
