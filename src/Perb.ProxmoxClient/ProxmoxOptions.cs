namespace Perb.ProxmoxClient;

/// <summary>Where a Proxmox VE node answers, who asks, and which certificate is the right one.</summary>
public sealed record ProxmoxOptions
{
    /// <summary>For instance <c>https://127.0.0.1:8006</c>. Only https: the token is a password.</summary>
    public required Uri Url { get; init; }

    /// <summary><c>user@realm!name</c>.</summary>
    public required string TokenId { get; init; }

    public required ApiSecret Secret { get; init; }

    /// <summary>
    /// PEM file with the authority that signed the node's certificate; on a node <c>/etc/pve/pve-root-ca.pem</c>. Where
    /// it is given, only that authority is trusted, and the certificate must name the host of <see cref="Url"/>.
    /// </summary>
    public string? CaFile { get; init; }

    /// <summary>
    /// SHA-256 fingerprints (hex, colons optional) of certificates that are accepted as they are, whatever their chain,
    /// host names or dates. With <see cref="CaFile"/> either suffices; without both the system's trust store decides.
    /// </summary>
    public IReadOnlyList<string> Fingerprints { get; init; } = [];

    /// <summary>How long one call may take. A refused token alone takes the node three seconds to say.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(60);
}
