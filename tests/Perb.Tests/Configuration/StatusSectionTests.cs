using System.Net;

namespace Perb.Tests.Configuration;

public sealed class StatusSectionTests
{
    private const string Whole = "\"TokenFile\": \"token\", \"CertificateFile\": \"/etc/perb/page.pem\", \"KeyFile\": \"page.key\"";

    [Theory]
    [InlineData("127.0.0.1:9443", "127.0.0.1", 9443)]
    [InlineData("127.0.0.1:0", "127.0.0.1", 0)]
    [InlineData("[::1]:9443", "::1", 9443)]
    public void This_machine_alone_needs_no_secret(string listen, string address, int port) =>
        Assert.Equal(new IPEndPoint(IPAddress.Parse(address), port), Some.Options($"\"Status\": {{ \"Listen\": \"{listen}\" }}").Status.Listen);

    [Theory]
    [InlineData("0.0.0.0:9443")]
    [InlineData("[::]:9443")]
    [InlineData("192.0.2.7:9443")]
    public void Beyond_this_machine_it_needs_tls_and_a_secret(string listen)
    {
        Assert.True(Some.Options($"\"Status\": {{ \"Listen\": \"{listen}\", {Whole} }}").Status.HasTls);
        foreach (var part in (string[])["", "\"TokenFile\": \"token\",", "\"CertificateFile\": \"/c\", \"KeyFile\": \"k\","])
        {
            var fault = Assert.Single(Some.Faults($"\"Status\": {{ {part} \"Listen\": \"{listen}\" }}"));
            Assert.StartsWith("Perb:Status:Listen ", fault, StringComparison.Ordinal);
            Assert.Contains("TokenFile", fault, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("9443")]
    [InlineData("127.0.0.1")]
    [InlineData("::1:9443")] // an address, as it stands there
    [InlineData("localhost:9443")]
    [InlineData("127.0.0.1:99999")]
    [InlineData("127.0.0.1:")]
    [InlineData("http://127.0.0.1:9443")]
    public void What_is_no_address_with_a_port_is_refused(string listen) => Assert.StartsWith(
        "Perb:Status:Listen is ", Assert.Single(Some.Faults($"\"Status\": {{ \"Listen\": \"{listen}\" }}")), StringComparison.Ordinal);

    [Theory]
    [InlineData("\"CertificateFile\": \"/c\"", "Perb:Status:KeyFile is missing")]
    [InlineData("\"KeyFile\": \"/k\"", "Perb:Status:CertificateFile is missing")]
    [InlineData("\"Hosts\": [ \"pve1:9443\" ]", "Perb:Status:Hosts has \"pve1:9443\"")]
    [InlineData("\"Hosts\": [ \"*\" ]", "Perb:Status:Hosts has \"*\"")]
    [InlineData("\"TokenFile\": \"sub/token\"", "Perb:Status:TokenFile is ")]
    [InlineData("\"GuestNames\": \"maybe\"", "Perb:Status:GuestNames is ")]
    public void Each_fault_is_named(string keys, string fault) =>
        Assert.StartsWith(fault, Assert.Single(Some.Faults($"\"Status\": {{ {keys} }}")), StringComparison.Ordinal);
}
