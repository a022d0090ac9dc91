using System.Collections.Frozen;
using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;

namespace Perb.ProxmoxClient;

/// <summary>Makes the <see cref="HttpClient"/> that suits a Proxmox VE node.</summary>
public static partial class ProxmoxConnection
{
    /// <summary>Task logs are the largest answers; a few MiB at most. This ends a runaway one.</summary>
    private const long MaxAnswerBytes = 32 << 20;

    /// <summary>pveproxy closes idle connections after 5 s (facts: API-OBSERVED 1); ours must be gone before.</summary>
    private static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(2);

    /// <summary>Opens nothing yet: the first call connects. The caller disposes it.</summary>
    /// <exception cref="ProxmoxException">An option cannot be right; the message names it.</exception>
    public static HttpClient Open(ProxmoxOptions options)
    {
        var url = CheckUrl(options.Url);
        var token = CheckToken(options.TokenId, options.Secret);
        var trust = new CertificateTrust(url, ParseFingerprints(options.Fingerprints), LoadAuthorities(options.CaFile));
        var transport = new SocketsHttpHandler
        {
            AllowAutoRedirect = false, // the token goes to this host only
            UseCookies = false,
            UseProxy = !url.IsLoopback,
            AutomaticDecompression = DecompressionMethods.GZip,
            PooledConnectionIdleTimeout = IdleTimeout,
            ActivityHeadersPropagator = null, // the node allows 8 KiB of headers and wants none of ours
            SslOptions = new SslClientAuthenticationOptions
            {
                EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                CertificateChainPolicy = trust.ChainPolicy(),
                RemoteCertificateValidationCallback = trust.Check,
            },
        };
        var http = new HttpClient(transport)
        {
            BaseAddress = url,
            Timeout = options.Timeout,
            MaxResponseContentBufferSize = MaxAnswerBytes,
            DefaultRequestVersion = HttpVersion.Version11,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        // Not a valid header in .NET's eyes: the scheme has no blank after it.
        http.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", token);
        return http;
    }

    private static Uri CheckUrl(Uri url) =>
        url is { IsAbsoluteUri: true, Scheme: "https", PathAndQuery: "/", UserInfo: "" }
            ? url
            : throw new ProxmoxException(
                $"Proxmox:Url is '{ForeignText.OneLine(url.OriginalString)}': it must be https and name only host and "
                + "port, such as https://127.0.0.1:8006");

    private static string CheckToken(string id, ApiSecret secret)
    {
        if (!TokenIdPattern().IsMatch(id))
        {
            throw new ProxmoxException(
                $"Proxmox:TokenId is '{ForeignText.OneLine(id)}': it must be user@realm!name, such as perb@pve!node");
        }

        return SecretPattern().IsMatch(secret.Reveal())
            ? $"PVEAPIToken={id}={secret.Reveal()}"
            : throw new ProxmoxException(
                "The secret of the Proxmox token is empty or has blanks or line breaks in it: the file must hold the "
                + "value that Proxmox showed when the token was made, and nothing else");
    }

    private static FrozenSet<string> ParseFingerprints(IReadOnlyList<string> fingerprints) =>
        fingerprints.Select(ParseFingerprint).ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private static string ParseFingerprint(string text)
    {
        var hex = text.Trim().Replace(":", "", StringComparison.Ordinal);
        return hex.Length == 2 * SHA256.HashSizeInBytes && hex.All(char.IsAsciiHexDigit)
            ? hex
            : throw new ProxmoxException(
                $"Proxmox:Fingerprints holds '{ForeignText.OneLine(text)}': a SHA-256 fingerprint has 64 hex digits, "
                + "colons allowed");
    }

    private static X509Certificate2Collection? LoadAuthorities(string? file)
    {
        if (file is null)
        {
            return null;
        }

        var authorities = new X509Certificate2Collection();
        try
        {
            authorities.ImportFromPemFile(file);
        }
        catch (Exception e)
            when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new ProxmoxException($"Proxmox:CaFile {file} cannot be read: {ForeignText.OneLine(e.Message)}", e);
        }

        return authorities.Count > 0
            ? authorities
            : throw new ProxmoxException(
                $"Proxmox:CaFile {file} holds no certificate: it must be PEM, such as a copy of the cluster's "
                + "(install -m 644 /etc/pve/pve-root-ca.pem /etc/perb/)");
    }

    [GeneratedRegex(@"^[^\s:/!\p{C}]+@[A-Za-z0-9._-]+![A-Za-z][A-Za-z0-9._-]*\z")]
    private static partial Regex TokenIdPattern();

    [GeneratedRegex(@"^[\x21-\x7E]+\z")]
    private static partial Regex SecretPattern();
}
