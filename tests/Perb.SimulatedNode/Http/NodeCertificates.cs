using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Perb.Simulation.Http;

/// <summary>
/// The cluster's own CA (10 years) and the node's leaf (2 years), as in /etc/pve. The chain is never sent, so a client
/// needs the CA file or the leaf's fingerprint; and the leaf is renewed, so a pinned fingerprint breaks one day.
/// </summary>
internal sealed class NodeCertificates : IDisposable
{
    private readonly string _directory;
    private readonly string _nodeName;
    private readonly X509Certificate2 _authority;
    private volatile X509Certificate2 _leaf;

    public NodeCertificates(string directory, string nodeName)
    {
        _directory = directory;
        _nodeName = nodeName;
        _authority = File.Exists(CaFile) ? X509Certificate2.CreateFromPemFile(CaFile, CaKeyFile) : CreateAuthority();
        _leaf = File.Exists(LeafFile) ? X509Certificate2.CreateFromPemFile(LeafFile, LeafKeyFile) : CreateLeaf();
    }

    public string CaFile => Path.Combine(_directory, "pve-root-ca.pem");

    public X509Certificate2 Leaf => _leaf;

    /// <summary>SHA-256 of the leaf's DER, upper-case hex with colons, as <c>ssl_fingerprint</c> in /nodes.</summary>
    public string Fingerprint =>
        string.Join(':', Convert.ToHexString(_leaf.GetCertHash(HashAlgorithmName.SHA256)).Chunk(2).Select(pair => new string(pair)));

    private string CaKeyFile => Path.Combine(_directory, "pve-root-ca.key");

    private string LeafFile => Path.Combine(_directory, "pve-ssl.pem");

    private string LeafKeyFile => Path.Combine(_directory, "pve-ssl.key");

    /// <summary>Connections made from now on see the new leaf. The old one may still be in use by a handshake and is not disposed.</summary>
    public void Renew() => _leaf = CreateLeaf();

    public void Dispose()
    {
        _leaf.Dispose();
        _authority.Dispose();
    }

    private X509Certificate2 CreateAuthority()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Proxmox Virtual Environment,OU=simulated,O=PVE Cluster Manager CA", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        var now = TimeProvider.System.GetUtcNow();
        var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddYears(10));
        Save(certificate, key, CaFile, CaKeyFile);
        return certificate;
    }

    private X509Certificate2 CreateLeaf()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={_nodeName}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        names.AddIpAddress(IPAddress.IPv6Loopback);
        names.AddDnsName("localhost");
        names.AddDnsName(_nodeName);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, false));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
        var now = TimeProvider.System.GetUtcNow();
        using var unkeyed = request.Create(_authority, now.AddDays(-1), now.AddDays(729), RandomNumberGenerator.GetBytes(12));
        var certificate = unkeyed.CopyWithPrivateKey(key);
        Save(certificate, key, LeafFile, LeafKeyFile);
        return certificate;
    }

    private static void Save(X509Certificate2 certificate, ECDsa key, string file, string keyFile)
    {
        AtomicFile.Write(keyFile, key.ExportPkcs8PrivateKeyPem());
        File.SetUnixFileMode(keyFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        AtomicFile.Write(file, certificate.ExportCertificatePem());
    }
}
