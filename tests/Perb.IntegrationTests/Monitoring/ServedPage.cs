using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Perb.IntegrationTests.Installation;

namespace Perb.IntegrationTests.Monitoring;

/// <summary>The running service with its page on a free port of this machine, and a client that follows nothing and keeps no cookies.</summary>
internal sealed partial class ServedPage : IAsyncDisposable
{
    private const string CertificateFile = "page.pem";

    private readonly HttpClient _client;

    private ServedPage(PerbProcess service, Uri url, string certificateFile)
    {
        (Service, Url) = (service, url);
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false };
        handler.SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, shown, _, _) => IsIn(certificateFile, shown) };
        _client = new HttpClient(handler) { BaseAddress = url };
    }

    public PerbProcess Service { get; }

    public Uri Url { get; }

    /// <summary>Configures it beside what the test wants, and starts it.</summary>
    public static async Task<ServedPage> StartAsync(PerbInstallation perb, params (string Key, JsonNode? Value)[] overrides)
    {
        perb.Configure([("Status:Listen", "127.0.0.1:0"), .. overrides]);
        return await OfAsync(perb);
    }

    /// <summary>As it is configured.</summary>
    public static async Task<ServedPage> OfAsync(PerbInstallation perb)
    {
        var service = perb.Run();
        await service.SaysAsync("The status page is at ");
        return new ServedPage(service, new Uri(UrlPattern().Match(service.Output).Groups[1].Value), perb.PathOf(CertificateFile));
    }

    public Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, Action<HttpRequestMessage>? change = null)
    {
        var request = new HttpRequestMessage(method, path);
        change?.Invoke(request);
        return _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
    }

    public async Task<string> ReadAsync(string path)
    {
        using var answer = await SendAsync(HttpMethod.Get, path);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    public async Task<HttpStatusCode> CodeAsync(HttpMethod method, string path, Action<HttpRequestMessage>? change = null)
    {
        using var answer = await SendAsync(method, path, change);
        return answer.StatusCode;
    }

    /// <summary>A certificate of its own and the secret, as files, and the keys that name them.</summary>
    public static (string Key, JsonNode? Value)[] Protect(PerbInstallation perb, string token)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=pve1", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
        return
        [
            ("Status:TokenFile", perb.WriteSecret("page-token", token)),
            ("Status:CertificateFile", perb.WriteSecret(CertificateFile, certificate.ExportCertificatePem())),
            ("Status:KeyFile", perb.WriteSecret("page.key", key.ExportPkcs8PrivateKeyPem())),
        ];
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await Service.DisposeAsync();
    }

    private static bool IsIn(string file, X509Certificate? shown)
    {
        using var expected = X509Certificate2.CreateFromPem(File.ReadAllText(file));
        return shown is not null && shown.GetCertHashString() == expected.Thumbprint;
    }

    [GeneratedRegex("The status page is at (https?://[^,]+),")]
    private static partial Regex UrlPattern();
}
