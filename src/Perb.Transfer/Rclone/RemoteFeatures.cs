using Perb.Transfer.Hashing;

namespace Perb.Transfer.Rclone;

/// <summary>What a remote can do.</summary>
/// <param name="Hashes">None at all is common: crypt, plain FTP, most WebDAV servers.</param>
/// <param name="IsLocal">A file system of this machine: rclone itself reads a file to report its hash.</param>
public sealed record RemoteFeatures(IReadOnlySet<HashKind> Hashes, bool IsLocal)
{
    /// <summary>The hash to verify by, or null where the remote has none.</summary>
    public HashKind? BestHash => Hashes.Count == 0 ? null : Hashes.Min();
}
