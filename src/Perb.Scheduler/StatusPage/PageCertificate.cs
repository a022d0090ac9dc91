using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Observability;

namespace Perb.Scheduler.StatusPage;

/// <summary>The certificate of the page, read again when its file changed: it is renewed while the service runs.</summary>
internal sealed class PageCertificate(string certificatePath, Func<SslStreamCertificateContext> read, SslStreamCertificateContext first, TimeProvider time)
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private SslStreamCertificateContext _current = first;
    private DateTime _writtenAt = File.GetLastWriteTimeUtc(certificatePath);
    private long _lookedAt = time.GetTimestamp();

    /// <exception cref="ConfigurationException">A file is missing, open to others, or no certificate with its key.</exception>
    public static PageCertificate Load(string certificate, string key, string configurationFile, TimeProvider time)
    {
        var path = SecretFile.Locate(certificate, configurationFile);
        return new PageCertificate(path, Read, Read(), time);

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
            if (time.GetElapsedTime(_lookedAt) < BetweenLooks)
            {
                return _current;
            }

            _lookedAt = time.GetTimestamp();
            if (File.GetLastWriteTimeUtc(certificatePath) is var writtenAt && writtenAt != _writtenAt)
            {
                _writtenAt = writtenAt;
                Renew(logger);
            }

            return _current;
        }
    }

    private void Renew(ILogger logger)
    {
        try
        {
            _current = read();
        }
        catch (ConfigurationException exception)
        {
            logger.CertificateNotRenewed(exception.Message);
        }
    }
}
