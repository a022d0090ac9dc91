using Microsoft.Data.Sqlite;
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
    VerifyLevel? VerifiedHow)
{
    internal static VolumeRecord Map(SqliteDataReader row)
    {
        var otherKind = row.TextOrNull("other_kind");
        return new VolumeRecord(
            (int)row.Number("number"),
            row.Text("name"),
            row.Number("size_bytes"),
            new Digests(
                row.Text("sha256"),
                otherKind is null ? null : Enum.GetValues<HashKind>().Single(kind => kind.RcloneName() == otherKind),
                row.TextOrNull("other")),
            row.Time("sealed_at"),
            row.TimeOrNull("uploaded_at"),
            row.TimeOrNull("verified_at"),
            row.TextOrNull("verified_how") is { } how ? VerifyLevels.FromWord(how) : null);
    }
}
