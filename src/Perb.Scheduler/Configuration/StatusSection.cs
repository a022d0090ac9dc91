using System.Net;

namespace Perb.Scheduler.Configuration;

/// <summary>The status page and metrics.</summary>
/// <param name="Listen">Address and port; null: neither is served.</param>
/// <param name="TokenFile">A path, or the name of a credential; null: whoever reaches the address may look.</param>
/// <param name="CertificateFile">PEM, the chain after the certificate; null: no TLS.</param>
/// <param name="KeyFile">PEM; a path, or the name of a credential.</param>
public sealed record StatusSection(IPEndPoint? Listen, string? TokenFile, string? CertificateFile, string? KeyFile)
{
    /// <summary>Served with their names, not by their numbers alone.</summary>
    public bool GuestNames { get; init; }

    /// <summary>Names by which the page may be asked for, beside this machine's own and addresses.</summary>
    public IReadOnlyList<string> Hosts { get; init; } = [];

    public bool HasTls => CertificateFile is not null;
}
