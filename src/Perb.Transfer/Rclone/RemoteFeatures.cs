using Perb.Transfer.Hashing;

namespace Perb.Transfer.Rclone;

/// <summary>What a remote can do.</summary>
/// <param name="Hashes">None at all is common: crypt, plain FTP, most WebDAV servers.</param>
/// <param name="LocalRoot">Where it lies, if it is a directory of this machine.</param>
public sealed record RemoteFeatures(IReadOnlySet<HashKind> Hashes, string? LocalRoot)
{
    /// <summary>The hash to verify by, or null where the remote has none.</summary>
    public HashKind? BestHash => Hashes.Count == 0 ? null : Hashes.Min();
}
