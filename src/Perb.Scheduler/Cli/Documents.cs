using System.Text.Json;
using System.Text.Json.Serialization;
using Perb.Scheduler.Backups;
using Perb.Scheduler.Safety;
using Perb.Scheduler.Store;

namespace Perb.Scheduler.Cli;

/// <summary>A backup as <c>--json</c> shows it. A contract: fields may be added, never changed.</summary>
internal sealed record BackupDocument(
    long Id,
    int Guest,
    string? GuestType,
    string? Archive,
    string? Storage,
    string? Node,
    string Remote,
    string RemoteName,
    string State,
    long SizeBytes,
    long SealedBytes,
    int? VolumeCount,
    DateTimeOffset ArchiveTime,
    DateTimeOffset DiscoveredAt,
    DateTimeOffset? PublishedAt,
    DateTimeOffset? VerifiedAt,
    string? VerifiedHow,
    int Attempt,
    DateTimeOffset? NextAttemptAt,
    string? Failure)
{
    public static BackupDocument Of(Backup backup) => new(
        backup.Id,
        backup.Guest,
        Known(backup.GuestType),
        Known(backup.Archive),
        backup.Storage,
        Known(backup.Node),
        backup.Remote,
        backup.RemoteName,
        backup.State.Word(),
        backup.SizeBytes,
        backup.SealedBytes,
        backup.VolumeCount,
        backup.ArchiveTime,
        backup.DiscoveredAt,
        backup.PublishedAt,
        backup.VerifiedAt,
        backup.VerifiedHow,
        backup.Attempt,
        backup.NextAttemptAt,
        backup.Failure);

    // What was rebuilt from a manifest knows neither before its archive is seen.
    private static string? Known(string text) => text.Length > 0 ? text : null;
}

/// <summary>The state of everything as <c>status</c> shows it, on a screen or as JSON (a contract: fields may be added, never changed).</summary>
internal sealed record StatusDocument(
    ServiceDocument Service,
    IReadOnlyList<GuestDocument> Guests,
    IReadOnlyList<QueueDocument> Queue,
    IReadOnlyList<BackupDocument> Failures,
    IReadOnlyList<Trouble> Troubles,
    IReadOnlyList<HeldBack> HeldBack);

internal sealed record ServiceDocument(bool Running, DateTimeOffset? LastPoll, DateTimeOffset? LastReconcile);

/// <param name="NewestVerified">The newest archive that is a verified copy on every remote; null where one has none.</param>
/// <param name="RpoMet">Null where it does not matter (the guest is gone) or cannot be known; <paramref name="Exists"/> says which.</param>
/// <param name="Exists">False: it is known to be gone from this node. Null: the token is not shown all guests.</param>
/// <param name="Verdict"><c>met</c>, <c>late</c>, <c>gone</c>, <c>retired</c>, <c>not-included</c>, <c>unknown</c>.</param>
/// <param name="SafeUntil">When the RPO is or was missed unless a newer copy comes; null where a remote has none.</param>
/// <param name="Covered">By a vzdump job of the cluster; null: unknown.</param>
internal sealed record GuestDocument(
    int Guest,
    string GuestType,
    string? Name,
    DateTimeOffset? NewestArchive,
    DateTimeOffset? NewestVerified,
    string? VerifiedHow,
    bool? RpoMet,
    bool? Exists,
    string Verdict,
    long RpoSeconds,
    DateTimeOffset? SafeUntil,
    bool Retired,
    bool? Included,
    bool? Covered,
    IReadOnlyList<CopyDocument> Copies)
{
    public static GuestDocument Of(GuestSafety guest) => new(
        guest.Guest,
        guest.GuestType,
        guest.Name,
        guest.NewestArchive,
        guest.Standing?.ArchiveTime,
        guest.Standing?.VerifiedHow,
        guest.IsMet,
        guest.Exists,
        guest.Verdict.Word(),
        (long)guest.Rpo.TotalSeconds,
        guest.SafeUntil,
        guest.IsRetired,
        guest.IsIncluded,
        guest.IsCovered,
        [.. guest.Remotes.Select(CopyDocument.Of)]);
}

/// <summary>A guest's newest verified copy on a configured remote; nulls where it has none.</summary>
internal sealed record CopyDocument(string Remote, DateTimeOffset? ArchiveTime, string? VerifiedHow, DateTimeOffset? VerifiedAt, bool InTime)
{
    public static CopyDocument Of(RemoteSafety remote) => new(
        remote.Remote, remote.Newest?.ArchiveTime, remote.Newest?.VerifiedHow, remote.Newest?.VerifiedAt, remote.IsInTime);
}

internal sealed record QueueDocument(BackupDocument Backup, Activity? Activity);

/// <summary>What <c>show</c> adds to a backup.</summary>
internal sealed record VolumeDocument(
    int Number,
    string Name,
    long SizeBytes,
    string Sha256,
    DateTimeOffset SealedAt,
    DateTimeOffset? UploadedAt,
    DateTimeOffset? VerifiedAt,
    string? VerifiedHow)
{
    public static VolumeDocument Of(VolumeRecord volume) => new(
        volume.Number,
        volume.Name,
        volume.SizeBytes,
        volume.Digests.Sha256,
        volume.SealedAt,
        volume.UploadedAt,
        volume.VerifiedAt,
        volume.VerifiedHow?.Word());
}

[JsonSerializable(typeof(IEnumerable<BackupDocument>))]
[JsonSerializable(typeof(BackupDocument))]
[JsonSerializable(typeof(IReadOnlyList<VolumeDocument>))]
[JsonSerializable(typeof(IReadOnlyList<BackupEvent>))]
[JsonSerializable(typeof(IReadOnlyList<RemoteBackupDocument>))]
[JsonSerializable(typeof(RestoredDocument))]
[JsonSerializable(typeof(StatusDocument))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, Converters = [typeof(InstantConverter)])]
internal sealed partial class DocumentsJson : JsonSerializerContext;

/// <summary>ISO 8601 in UTC with a Z, whole seconds or finer.</summary>
internal sealed class InstantConverter : JsonConverter<DateTimeOffset>
{
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetDateTimeOffset();

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.UtcDateTime);
}
