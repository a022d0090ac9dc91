using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Observability;

namespace Perb.Scheduler.StatusPage;

/// <summary>
/// The certificate of the page, read again when it or its key changed: it is renewed while the service runs. Both are written one after the other,
/// so a pair that cannot be used is tried again for as long as it is not what serves.
/// </summary>
internal sealed class PageCertificate
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan RenewedBefore = TimeSpan.FromDays(7);

    private readonly Lock _lock = new();
    private readonly Func<SslStreamCertificateContext> _read;
    private readonly Func<(DateTime, DateTime)> _writtenAt;
    private readonly TimeProvider _time;
    private SslStreamCertificateContext _current;
    private (DateTime, DateTime) _currentWrittenAt;
    private string? _fault;
    private long _lookedAt;

    private PageCertificate(Func<SslStreamCertificateContext> read, Func<(DateTime, DateTime)> writtenAt, TimeProvider time)
    {
        (_read, _writtenAt, _time) = (read, writtenAt, time);
        (_currentWrittenAt, _current, _lookedAt) = (writtenAt(), read(), time.GetTimestamp());
    }

    /// <exception cref="ConfigurationException">A file is missing, open to others, or no certificate with its key.</exception>
    public static PageCertificate Load(string certificate, string key, string configurationFile, TimeProvider time)
    {
        var (path, keyPath) = (SecretFile.Locate(certificate, configurationFile), SecretFile.Locate(key, configurationFile));
        return new PageCertificate(Read, () => (File.GetLastWriteTimeUtc(path), File.GetLastWriteTimeUtc(keyPath)), time);

        SslStreamCertificateContext Read()
        {
            if (ReadableFile.FaultOf(path) is { } fault)
            {
                throw new ConfigurationException($"Perb:Status:CertificateFile: {path} {fault}");
            }

            try
            {
                var chain = new X509Certificate2Collection();
                chain.ImportFromPem(File.ReadAllText(path));
                var leaf = X509Certificate2.CreateFromPem(File.ReadAllText(path), SecretFile.ReadText("Perb:Status:KeyFile", key, configurationFile));
                return SslStreamCertificateContext.Create(leaf, [.. chain.Skip(1)], offline: true);
            }
            catch (Exception exception) when (exception is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
            {
                throw new ConfigurationException($"Perb:Status:CertificateFile: {path} and KeyFile are no certificate with its key, both PEM: {exception.Message}");
            }
        }
    }

    public SslStreamCertificateContext Current(ILogger logger)
    {
        lock (_lock)
        {
            if (_time.GetElapsedTime(_lookedAt) >= BetweenLooks)
            {
                _lookedAt = _time.GetTimestamp();
                if (_writtenAt() is var writtenAt && writtenAt != _currentWrittenAt)
                {
                    Renew(writtenAt, logger);
                }
            }

            return _current;
        }
    }

    /// <summary>What a person has to know before it ends; null: nothing yet. A short-lived one is renewed later.</summary>
    public string? Trouble(ILogger logger)
    {
        var certificate = Current(logger).TargetCertificate;
        var sixth = (certificate.NotAfter - certificate.NotBefore) / 6;
        return certificate.NotAfter.ToUniversalTime() - _time.GetUtcNow().UtcDateTime < (sixth < RenewedBefore ? sixth : RenewedBefore)
            ? $"its certificate serves until {certificate.NotAfter.ToUniversalTime():yyyy-MM-dd HH:mm}Z only{(_fault is { } fault ? $", and the one that is there cannot be used: {fault}" : "")}"
            : null;
    }

    private void Renew((DateTime, DateTime) writtenAt, ILogger logger)
    {
        try
        {
            (_current, _currentWrittenAt, _fault) = (_read(), writtenAt, null);
        }
        catch (ConfigurationException exception)
        {
            if (exception.Message != _fault)
            {
                logger.CertificateNotRenewed(exception.Message);
            }

            _fault = exception.Message;
        }
    }
}
