using Perb.Scheduler.Backups;
using Perb.Transfer.Hashing;

namespace Perb.Scheduler.Store;

/// <summary>The facts of one volume. No time: not true (yet).</summary>
public sealed record VolumeRecord(
    int Number,
    string Name,
    long SizeBytes,
    Digests Digests,
    DateTimeOffset SealedAt,
    DateTimeOffset? UploadedAt,
    DateTimeOffset? VerifiedAt,
    VerifyLevel? VerifiedHow);
