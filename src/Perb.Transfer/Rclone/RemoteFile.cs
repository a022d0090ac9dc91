using Perb.Transfer.Hashing;

namespace Perb.Transfer.Rclone;

/// <summary>A file as its remote describes it. The name is foreign text: clean it before it is printed.</summary>
/// <param name="Name">The last part of its path.</param>
/// <param name="SizeBytes">-1 where the remote cannot tell.</param>
/// <param name="ModifiedAt">Null in listings (some remotes need one request per file for it) and where the remote has none.</param>
/// <param name="Hashes">Only those that were asked for and that the remote has, as rclone writes them.</param>
public sealed record RemoteFile(
    string Name,
    long SizeBytes,
    DateTimeOffset? ModifiedAt,
    IReadOnlyDictionary<HashKind, string> Hashes);
