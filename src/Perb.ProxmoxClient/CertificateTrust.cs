using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Perb.ProxmoxClient;

/// <summary>
/// Decides whether the certificate that a node shows is the right one: pinned by its fingerprint, or good for this host
/// under the given authority, or under the system's where neither is configured. There is no way to switch this off.
/// </summary>
internal sealed class CertificateTrust(
    Uri server, IReadOnlySet<string> fingerprints, X509Certificate2Collection? authorities)
{
    /// <summary>
    /// Only the given authorities, or null for the system's. Revocation lists do not exist for a cluster's own
    /// authority.
    /// </summary>
    public X509ChainPolicy? ChainPolicy()
    {
        if (authorities is null)
        {
            return null;
        }

        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
        };
        policy.CustomTrustStore.AddRange(authorities);
        return policy;
    }

    /// <summary>The TLS layer's question; the answer no is an exception, which can say more than false.</summary>
    public bool Check(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is null)
        {
            return false;
        }

        var fingerprint = certificate.GetCertHashString(HashAlgorithmName.SHA256);
        var chainDecides = fingerprints.Count == 0 || authorities is not null;
        return fingerprints.Contains(fingerprint) || (chainDecides && errors == SslPolicyErrors.None)
            ? true
            : throw Untrusted(fingerprint, chainDecides ? Fault(errors, chain) : "it is none of Proxmox:Fingerprints");
    }

    private string Fault(SslPolicyErrors errors, X509Chain? chain)
    {
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
        {
            return $"it is not for the host {server.IdnHost}";
        }

        if (chain?.ChainStatus.Any(one => one.Status.HasFlag(X509ChainStatusFlags.NotTimeValid)) == true)
        {
            return "it has expired or is not valid yet";
        }

        return authorities is null
            ? "the system does not trust who signed it"
            : "it was not signed by the authority in Proxmox:CaFile";
    }

    private UntrustedCertificateException Untrusted(string fingerprint, string fault)
    {
        var printed = string.Join(':', fingerprint.Chunk(2).Select(pair => new string(pair)));
        return new UntrustedCertificateException(
            $"{server.Describe()} showed a certificate that is not trusted: {fault}. Its SHA-256 fingerprint is "
            + $"{printed}. If the node itself shows the same (openssl x509 -noout -fingerprint -sha256 -in "
            + "/etc/pve/local/pve-ssl.pem), set Proxmox:CaFile to a copy of the cluster's authority (install -m 644 "
            + "/etc/pve/pve-root-ca.pem /etc/perb/; best: node certificates are renewed) or add the fingerprint to Proxmox:Fingerprints")
        {
            Fingerprint = printed,
        };
    }
}
