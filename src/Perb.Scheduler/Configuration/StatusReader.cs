using System.Net;

namespace Perb.Scheduler.Configuration;

/// <summary>The section <c>Status</c>: what is allowed, and what may leave this machine only together.</summary>
internal static class StatusReader
{
    private const string ListenExpected = "an address and a port, such as \"127.0.0.1:9443\", \"[::1]:9443\" or \"0.0.0.0:9443\"";

    public static StatusSection Read(SettingsReader status)
    {
        var listen = status.Value<IPEndPoint?>("Listen", null, TryEndPoint, ListenExpected);
        var section = new StatusSection(listen, Secret("TokenFile"), Secret("CertificateFile"), Secret("KeyFile"))
        {
            GuestNames = status.Flag("GuestNames", false),
            Hosts = status.Values<string>("Hosts", TryHost, "a host name without a port, such as \"pve1.example.org\""),
        };
        if (section.CertificateFile is null != section.KeyFile is null)
        {
            var missing = section.KeyFile is null ? "KeyFile" : "CertificateFile";
            status.Fault(missing, "is missing: TLS needs both CertificateFile and KeyFile");
        }

        // What can be reached by others shows them nothing without a secret, and tells nobody the secret on the way.
        if (listen is not null && !IPAddress.IsLoopback(listen.Address) && (section.TokenFile is null || !section.HasTls))
        {
            status.Fault(
                "Listen", $"is \"{listen}\", which can be reached from outside: that needs CertificateFile and KeyFile (TLS) and TokenFile (a secret); or listen on 127.0.0.1");
        }

        return section;

        string? Secret(string key) => status.Value<string?>(
            key,
            null,
            (string text, out string? path) => Path.IsPathRooted(path = text) || !text.Contains('/', StringComparison.Ordinal),
            "an absolute path, or the name of a credential of systemd");
    }

    // The framework would take "127.0.0.1" and "::1:9443" too, and mean something else.
    private static bool TryEndPoint(string text, out IPEndPoint? endPoint) =>
        IPEndPoint.TryParse(text, out endPoint)
        && text.EndsWith(string.Create(System.Globalization.CultureInfo.InvariantCulture, $":{endPoint.Port}"), StringComparison.Ordinal)
        && (text.StartsWith('[') || !text[..text.LastIndexOf(':')].Contains(':', StringComparison.Ordinal));

    private static bool TryHost(string text, out string host) =>
        Uri.CheckHostName(host = text.ToLowerInvariant()) == UriHostNameType.Dns;
}
