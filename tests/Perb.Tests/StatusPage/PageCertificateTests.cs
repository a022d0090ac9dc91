using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.StatusPage;

namespace Perb.Tests.StatusPage;

public sealed class PageCertificateTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 11, 28, 12, 0, 0, TimeSpan.Zero);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("perb-page-");
    private readonly FakeTimeProvider _time = new(Now);

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void A_renewed_certificate_serves_within_a_minute_without_a_restart()
    {
        var first = Write("pve1", minutes: 0);
        var certificate = Load();
        var renewed = Write("pve1", minutes: 1);

        Assert.Equal(first, Thumbprint(certificate));
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(renewed, Thumbprint(certificate));
    }

    [Fact]
    public void One_that_cannot_be_used_leaves_the_one_before_serving_until_it_is_mended()
    {
        var first = Write("pve1", minutes: 0);
        var certificate = Load();
        Write("page.pem", "half a file", minutes: 1);
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(first, Thumbprint(certificate));

        var renewed = Write("pve1", minutes: 2);
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(renewed, Thumbprint(certificate));
    }

    [Fact]
    public void A_key_that_is_written_after_its_certificate_is_read_although_somebody_asked_in_between()
    {
        var first = Write("pve1", minutes: 0);
        var certificate = Load();
        var oldKey = File.ReadAllText(PathOf("page.key"));
        var renewed = Write("pve1", minutes: 1);
        var newKey = File.ReadAllText(PathOf("page.key"));
        Write("page.key", oldKey, minutes: 0);
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(first, Thumbprint(certificate));

        Write("page.key", newKey, minutes: 1);
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(renewed, Thumbprint(certificate));
    }

    [Theory]
    [InlineData(365, 357, false)] // days that it serves, days that have passed
    [InlineData(365, 359, true)]
    [InlineData(6, 3, false)] // renewed every few days
    [InlineData(6, 6, true)]
    public void One_that_nobody_renews_is_trouble_in_its_last_week(int days, int passed, bool isTrouble)
    {
        Write("pve1", minutes: 0, days);
        var certificate = Load();
        _time.Advance(TimeSpan.FromDays(passed));

        Assert.Equal(isTrouble, certificate.Trouble(NullLogger.Instance) is not null);
    }

    [Fact]
    public void The_chain_after_the_certificate_is_sent_along()
    {
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var leafKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var root = Authority("root", rootKey).CreateSelfSigned(Now, Now.AddYears(1));
        using var issuer = Authority("issuer", key).Create(root, Now, Now.AddMonths(11), [1]).CopyWithPrivateKey(key);
        using var leaf = new CertificateRequest("CN=pve1", leafKey, HashAlgorithmName.SHA256).Create(issuer, Now, Now.AddMonths(10), [2]);
        Write("page.key", leafKey.ExportPkcs8PrivateKeyPem(), minutes: 0);
        Write("page.pem", $"{leaf.ExportCertificatePem()}\n{issuer.ExportCertificatePem()}\n", minutes: 0);

        Assert.Equal([issuer.Thumbprint], Load().Current(NullLogger.Instance).IntermediateCertificates.Select(one => one.Thumbprint));

        static CertificateRequest Authority(string name, ECDsa ofIt)
        {
            var request = new CertificateRequest($"CN={name}", ofIt, HashAlgorithmName.SHA256);
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
            return request;
        }
    }

    [Theory]
    [InlineData("page.pem", "")]
    [InlineData("page.pem", "no certificate")]
    [InlineData("page.key", "no key")]
    public void What_is_no_certificate_with_its_key_is_a_fault_of_the_configuration(string file, string content)
    {
        Write("pve1", minutes: 0);
        Write(file, content, minutes: 0);

        Assert.Contains("page.pem", Assert.Throws<ConfigurationException>(Load).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_of_another_certificate_is_a_fault_of_the_configuration()
    {
        Write("pve1", minutes: 0);
        var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Write("page.key", other.ExportPkcs8PrivateKeyPem(), minutes: 0);

        Assert.Throws<ConfigurationException>(Load);
    }

    private static string Thumbprint(PageCertificate certificate) => certificate.Current(NullLogger.Instance).TargetCertificate.Thumbprint;

    private PageCertificate Load() => PageCertificate.Load(PathOf("page.pem"), PathOf("page.key"), PathOf("appsettings.json"), _time);

    private string Write(string name, int minutes, int days = 365)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256).CreateSelfSigned(Now, Now.AddDays(days));
        Write("page.key", key.ExportPkcs8PrivateKeyPem(), minutes);
        Write("page.pem", certificate.ExportCertificatePem(), minutes);
        return certificate.Thumbprint;
    }

    private void Write(string name, string content, int minutes)
    {
        File.WriteAllText(PathOf(name), content);
        File.SetUnixFileMode(PathOf(name), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.SetLastWriteTimeUtc(PathOf(name), Now.UtcDateTime.AddMinutes(minutes));
    }

    private string PathOf(string name) => Path.Combine(_folder.FullName, name);
}
