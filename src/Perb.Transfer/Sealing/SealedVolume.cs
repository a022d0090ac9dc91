using Perb.Transfer.Hashing;

namespace Perb.Transfer.Sealing;

/// <summary>One finished volume in the staging directory: final-named, on the disk, with what its bytes must be.</summary>
public sealed record SealedVolume(int Number, string Name, string Path, long SizeBytes, Digests Digests);
