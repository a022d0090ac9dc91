using System.Text.Json;
using Perb.ProxmoxClient;
using Perb.TestKit.Http;

namespace Perb.Tests.ProxmoxClient;

public sealed class ConnectionOptionsTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("perb-");

    private readonly ProxmoxOptions _good = new()
    {
        Url = new Uri("https://127.0.0.1:8006"),
        TokenId = "perb@pve!node",
        Secret = new ApiSecret(NodeConnection.Secret),
    };

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("http://127.0.0.1:8006")]
    [InlineData("https://127.0.0.1:8006/api2/json")]
    [InlineData("https://root:x@127.0.0.1:8006")]
    [InlineData("ftp://127.0.0.1")]
    public void Only_https_to_a_host_is_taken(string url) => Refused(_good with { Url = new Uri(url) }, "Proxmox:Url");

    [Theory]
    [InlineData("perb@pve")]
    [InlineData("perb!node")]
    [InlineData("")]
    [InlineData("perb@pve!node=secret")]
    [InlineData("perb@pve!no\r\nX: y")]
    public void A_token_id_has_user_realm_and_name(string id) => Refused(_good with { TokenId = id }, "Proxmox:TokenId");

    [Theory]
    [InlineData("")]
    [InlineData("two words")]
    [InlineData("line\r\nbreak")]
    public void A_secret_that_cannot_be_one_is_refused_without_being_shown(string secret)
    {
        var message = Refused(_good with { Secret = new ApiSecret(secret) }, "secret");
        Assert.True(secret.Length == 0 || !message.Contains(secret, StringComparison.Ordinal));
    }

    [Fact]
    public void The_newline_that_ends_a_secret_file_is_no_part_of_the_secret()
    {
        using var http = ProxmoxConnection.Open(_good with { Secret = new ApiSecret("abc\n") });
        Assert.Equal("PVEAPIToken=perb@pve!node=abc", http.DefaultRequestHeaders.GetValues("Authorization").Single());
    }

    [Fact]
    public void Options_that_are_printed_or_written_as_json_do_not_show_the_secret()
    {
        Assert.Contains("***", _good.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(NodeConnection.Secret, _good.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(NodeConnection.Secret, JsonSerializer.Serialize(_good), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("AB:CD")]
    [InlineData("")]
    [InlineData("zz00000000000000000000000000000000000000000000000000000000000000")]
    public void A_malformed_fingerprint_is_refused(string fingerprint) =>
        Refused(_good with { Fingerprints = [fingerprint] }, "64 hex digits");

    [Fact]
    public void A_missing_ca_file_is_one_clear_error() =>
        Refused(_good with { CaFile = Path.Combine(_folder.FullName, "absent.pem") }, "absent.pem");

    [Theory]
    [InlineData("no certificate at all")]
    [InlineData("")]
    [InlineData("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")]
    public void A_ca_file_that_holds_no_certificate_is_one_clear_error(string content)
    {
        var file = Path.Combine(_folder.FullName, "ca.pem");
        File.WriteAllText(file, content);
        Refused(_good with { CaFile = file }, "Proxmox:CaFile");
    }

    [Fact]
    public void A_ca_file_may_hold_several_certificates()
    {
        using var one = new TestAuthority("one");
        using var two = new TestAuthority("two");
        var file = Path.Combine(_folder.FullName, "ca.pem");
        File.WriteAllText(file, one.Pem + "\n" + two.Pem);
        using var http = ProxmoxConnection.Open(_good with { CaFile = file });
        Assert.Equal(_good.Url, http.BaseAddress);
    }

    private static string Refused(ProxmoxOptions options, string expected)
    {
        var failure = Assert.Throws<ProxmoxException>(() => ProxmoxConnection.Open(options));
        Assert.Contains(expected, failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', failure.Message);
        Assert.False(failure.IsTransient);
        return failure.Message;
    }
}
