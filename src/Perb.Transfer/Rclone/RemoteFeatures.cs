using Perb.Transfer.Hashing;

namespace Perb.Transfer.Rclone;

/// <summary>What a remote can do. No hash at all is common: crypt, plain FTP, most WebDAV servers.</summary>
public sealed record RemoteFeatures(IReadOnlySet<HashKind> Hashes)
{
    /// <summary>The hash to verify by, or null where the remote has none.</summary>
    public HashKind? BestHash => Hashes.Count == 0 ? null : Hashes.Min();
}
