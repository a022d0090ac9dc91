using System.Security.Cryptography.X509Certificates;
using Perb.ProxmoxClient;
using Perb.TestKit.Http;

namespace Perb.Tests.ProxmoxClient;

public sealed class CertificateTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("perb-");
    private readonly TestAuthority _authority = new();
    private readonly TestAuthority _other = new();

    public void Dispose()
    {
        _folder.Delete(recursive: true);
        _authority.Dispose();
        _other.Dispose();
    }

    [Fact]
    public async Task A_certificate_of_the_configured_authority_is_trusted() =>
        await TrustedAsync(_authority.Issue(), (_, options) => options with { CaFile = CaFile(_authority) });

    [Fact]
    public async Task A_certificate_of_another_authority_of_the_same_name_is_not() =>
        await UntrustedAsync(
            _authority.Issue(), (_, options) => options with { CaFile = CaFile(_other) }, "not signed by the authority in Proxmox:CaFile");

    [Fact]
    public async Task The_authority_does_not_vouch_for_another_host() =>
        await UntrustedAsync(
            _authority.Issue("pve9.example.org"), (_, options) => options with { CaFile = CaFile(_authority) }, "not for the host 127.0.0.1");

    [Fact]
    public async Task The_authority_does_not_vouch_for_an_expired_certificate() =>
        await UntrustedAsync(
            _authority.Issue(validUntilDay: -1), (_, options) => options with { CaFile = CaFile(_authority) }, "expired");

    [Fact]
    public async Task Without_configuration_the_system_decides() =>
        await UntrustedAsync(_authority.Issue(), (_, options) => options, "the system does not trust");

    [Theory]
    [InlineData("upper")]
    [InlineData("lower")]
    [InlineData("colons")]
    public async Task A_pinned_certificate_is_trusted_however_its_fingerprint_is_written(string form) =>
        await TrustedAsync(_authority.Issue(), (node, options) => options with
        {
            Fingerprints = [form switch
            {
                "upper" => node.Fingerprint,
                "lower" => node.Fingerprint.ToLowerInvariant(),
                _ => string.Join(':', node.Fingerprint.Chunk(2).Select(pair => new string(pair))),
            }],
        });

    [Fact]
    public async Task A_pinned_certificate_needs_no_right_host_and_no_future() =>
        await TrustedAsync(
            _authority.Issue("pve9.example.org", validUntilDay: -1),
            (node, options) => options with { Fingerprints = [new string('0', 64), node.Fingerprint] });

    [Fact]
    public async Task Another_certificate_than_the_pinned_one_is_not_trusted() =>
        await UntrustedAsync(
            _authority.Issue(), (_, options) => options with { Fingerprints = [new string('0', 64)] }, "none of Proxmox:Fingerprints");

    [Fact]
    public async Task Of_authority_and_fingerprint_the_authority_suffices() =>
        await TrustedAsync(
            _authority.Issue(),
            (_, options) => options with { CaFile = CaFile(_authority), Fingerprints = [new string('0', 64)] });

    [Fact]
    public async Task Of_authority_and_fingerprint_the_fingerprint_suffices() =>
        await TrustedAsync(
            _authority.Issue(),
            (node, options) => options with { CaFile = CaFile(_other), Fingerprints = [node.Fingerprint] });

    [Fact]
    public async Task Neither_authority_nor_fingerprint_is_refused() =>
        await UntrustedAsync(
            _authority.Issue(),
            (_, options) => options with { CaFile = CaFile(_other), Fingerprints = [new string('0', 64)] },
            "not signed by the authority");

    private static async Task TrustedAsync(X509Certificate2 certificate, Func<ScriptedNode, ProxmoxOptions, ProxmoxOptions> configure)
    {
        await using var node = new ScriptedNode(certificate, _ => RawAnswer.Json(HttpTests.Version) with { KeepOpen = false });
        using var http = ProxmoxConnection.Open(configure(node, NodeConnection.Options(node)));
        var api = new ProxmoxApi(http);

        Assert.Equal("8.4", (await api.GetVersionAsync(NodeConnection.Token)).Release);
        Assert.Equal("8.4", (await api.GetVersionAsync(NodeConnection.Token)).Release);
        Assert.Equal(2, node.Requests.Count);
    }

    private static async Task UntrustedAsync(
        X509Certificate2 certificate, Func<ScriptedNode, ProxmoxOptions, ProxmoxOptions> configure, string fault)
    {
        await using var node = new ScriptedNode(certificate, _ => RawAnswer.Json(HttpTests.Version));
        using var http = ProxmoxConnection.Open(configure(node, NodeConnection.Options(node)));

        var failure = await Assert.ThrowsAsync<UntrustedCertificateException>(
            () => new ProxmoxApi(http).GetVersionAsync(NodeConnection.Token));

        Assert.Equal(node.Fingerprint, failure.Fingerprint.Replace(":", "", StringComparison.Ordinal));
        Assert.Contains(failure.Fingerprint, failure.Message, StringComparison.Ordinal);
        Assert.Contains(fault, failure.Message, StringComparison.Ordinal);
        Assert.Contains("Proxmox:CaFile", failure.Message, StringComparison.Ordinal);
        Assert.Empty(node.Requests); // the token was not sent
        Assert.False(failure.IsTransient);
    }

    private string CaFile(TestAuthority authority)
    {
        var file = Path.Combine(_folder.FullName, $"{authority.GetHashCode()}.pem");
        File.WriteAllText(file, authority.Pem);
        return file;
    }
}
