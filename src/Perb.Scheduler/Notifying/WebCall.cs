using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Perb.Scheduler.Configuration;
using Perb.Transfer;

namespace Perb.Scheduler.Notifying;

/// <summary>
/// Calls one address: TLS is checked, nothing is followed elsewhere, no proxy but a configured one, and neither a server that hangs nor one
/// that never ends its answer costs more than half a minute and a few KiB.
/// </summary>
internal sealed class WebCall : IDisposable
{
    private const int MostOfAnswer = 4 << 10;
    private const int ShownOfAnswer = 200;
    private const int ShortestSecret = 6;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly HttpClient _http;
    private readonly WebAccess _access;
    private readonly TimeProvider _time;

    /// <exception cref="ConfigurationException">The CA file cannot be used.</exception>
    public WebCall(NotifySection entry, string key, WebAccess access, TimeProvider time)
    {
        (_access, _time) = (access, time);
        _http = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = entry.Proxy is not null,
            Proxy = entry.Proxy is { } proxy ? new WebProxy(proxy) : null,
            ActivityHeadersPropagator = null,
            MaxResponseHeadersLength = 32,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(10),
            SslOptions = new SslClientAuthenticationOptions
            {
                EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                CertificateChainPolicy = entry.CaFile is { } file ? TrustOnly($"{key}:CaFile", file) : null,
            },
        })
        {
            Timeout = Timeout.InfiniteTimeSpan, // the patience below also covers the answer's body
        };
    }

    /// <exception cref="NotifyException">No answer of success.</exception>
    public async Task SendAsync(HttpMethod method, Uri url, string body, string mediaType, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(Patience, _time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        using var request = new HttpRequestMessage(method, url) { Content = new StringContent(body, Encoding.UTF8, mediaType) };
        request.Headers.TryAddWithoutValidation("User-Agent", "perb");
        foreach (var (name, value) in _access.Headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        try
        {
            using var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop.Token);
            if (!answer.IsSuccessStatusCode)
            {
                throw new NotifyException(await ComplaintAsync(answer, stop.Token)) { IsOfMessage = (int)answer.StatusCode is 400 or 413 or 422 };
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new NotifyException($"{_access.Shown} did not answer within {Patience:c}");
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            var cause = exception.InnerException?.Message is { } inner ? $"{exception.Message} {inner}" : exception.Message;
            throw new NotifyException($"{_access.Shown}: {WithoutSecrets(cause)}");
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<string> ComplaintAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        var status = $"{_access.Shown} answered {(int)answer.StatusCode}";
        if ((int)answer.StatusCode is >= 300 and < 400)
        {
            var host = answer.Headers.Location is { IsAbsoluteUri: true } elsewhere ? $" ({Printable.Clean(elsewhere.Host, 100)})" : "";
            return $"{status}: it points to another address{host}, which is not followed: give the final one";
        }

        await using var stream = await answer.Content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[MostOfAnswer];
        var length = await stream.ReadAtLeastAsync(buffer, MostOfAnswer, throwOnEndOfStream: false, cancellationToken);
        var text = WithoutSecrets(Encoding.UTF8.GetString(buffer, 0, length).Trim().ReplaceLineEndings(" "));
        return text.Length > 0 ? $"{status}: {text}" : status;
    }

    // Some servers say what they were asked for.
    private string WithoutSecrets(string text)
    {
        text = text.Replace("\\/", "/", StringComparison.Ordinal); // as JSON may have it
        foreach (var secret in _access.Secrets.Where(one => one.Length >= ShortestSecret).OrderByDescending(one => one.Length))
        {
            text = text.Replace(secret, "***", StringComparison.Ordinal);
        }

        return Printable.Clean(text, ShownOfAnswer);
    }

    private static X509ChainPolicy TrustOnly(string key, string file)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        try
        {
            policy.CustomTrustStore.ImportFromPemFile(file);
        }
        catch (Exception exception) when (exception is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"{key}: {file} cannot be used: {exception.Message}");
        }

        return policy.CustomTrustStore.Count > 0 ? policy : throw new ConfigurationException($"{key}: {file} holds no certificate");
    }
}
