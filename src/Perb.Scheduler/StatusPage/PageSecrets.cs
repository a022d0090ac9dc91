using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Perb.Scheduler.Configuration;

namespace Perb.Scheduler.StatusPage;

/// <summary>
/// What opens the page: the token of its file, or a cookie that was given for it. A cookie says until when it serves, under a key that lives
/// as long as the process: after a restart people show the token again.
/// </summary>
/// <param name="token">Null: no secret is asked for.</param>
/// <param name="certificate">Null: no TLS.</param>
/// <param name="time">The clock.</param>
internal sealed class PageSecrets(string? token, PageCertificate? certificate, TimeProvider time)
{
    /// <summary>So that it cannot be guessed.</summary>
    private const int ShortestToken = 16;

    private const int InstantBytes = sizeof(long);

    private readonly byte[]? _hash = token is null ? null : Hash(token);
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);

    /// <summary>How long a cookie serves.</summary>
    public static TimeSpan Session { get; } = TimeSpan.FromHours(12);

    public PageCertificate? Certificate => certificate;

    public bool AreNeeded => _hash is not null;

    /// <exception cref="ConfigurationException">A file cannot be used; with all faults at once. Where nothing is served no file is opened.</exception>
    public static PageSecrets Load(Settings settings, TimeProvider time)
    {
        var status = settings.Options.Status;
        if (status.Listen is null)
        {
            return new PageSecrets(null, null, time);
        }

        var faults = new List<string>();
        var token = Try(() => status.TokenFile is { } file ? ReadToken(file, settings.File) : null);
        var certificate = Try(() => status.HasTls ? PageCertificate.Load(status.CertificateFile!, status.KeyFile!, settings.File, time) : null);
        return faults.Count == 0 ? new PageSecrets(token, certificate, time) : throw new ConfigurationException(faults);

        T? Try<T>(Func<T?> load)
            where T : class
        {
            try
            {
                return load();
            }
            catch (ConfigurationException exception)
            {
                faults.AddRange(exception.Faults);
                return null;
            }
        }
    }

    /// <summary>In a time that says nothing about how much of it is right.</summary>
    public bool IsToken(string candidate) => _hash is not null && CryptographicOperations.FixedTimeEquals(Hash(candidate), _hash);

    public string NewCookie()
    {
        Span<byte> cookie = stackalloc byte[InstantBytes + HMACSHA256.HashSizeInBytes];
        BitConverter.TryWriteBytes(cookie, (time.GetUtcNow() + Session).ToUnixTimeSeconds());
        HMACSHA256.HashData(_key, cookie[..InstantBytes], cookie[InstantBytes..]);
        return Base64Url.EncodeToString(cookie);
    }

    public bool IsCookie(string candidate)
    {
        Span<byte> cookie = stackalloc byte[InstantBytes + HMACSHA256.HashSizeInBytes];
        Span<byte> expected = stackalloc byte[HMACSHA256.HashSizeInBytes];
        if (candidate.Length > 100 || !Base64Url.IsValid(candidate) || !Base64Url.TryDecodeFromChars(candidate, cookie, out var length) || length != cookie.Length)
        {
            return false;
        }

        HMACSHA256.HashData(_key, cookie[..InstantBytes], expected);
        return CryptographicOperations.FixedTimeEquals(cookie[InstantBytes..], expected)
            && BitConverter.ToInt64(cookie) > time.GetUtcNow().ToUnixTimeSeconds();
    }

    private static string ReadToken(string file, string configurationFile)
    {
        const string key = "Perb:Status:TokenFile";
        var token = SecretFile.Read(key, file, configurationFile);
        return token.Length >= ShortestToken
            ? token
            : throw new ConfigurationException(
                $"{key}: {SecretFile.Locate(file, configurationFile)} must hold at least {ShortestToken} characters that nobody guesses: openssl rand -hex 32");
    }

    // Both have the same length then, whatever was given.
    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
