using Perb.Scheduler.Backups;
using Perb.Scheduler.Remotes;
using Perb.Scheduler.Restore;
using Perb.Transfer.Manifests;

namespace Perb.Scheduler.Cli;

/// <summary>
/// A backup on a remote as <c>list --remote-only --json</c> shows it: the fields of <see cref="BackupDocument"/>, null where only a store
/// knows, and what only the remote knows. A contract: fields may be added, never changed.
/// </summary>
/// <param name="State">published, damaged; null where there is no manifest that can be read.</param>
/// <param name="Kind">backup, unfinished (no manifest), old (one file of PERB, or of an upload in one volume that did not end).</param>
/// <param name="SignedBy">Fingerprint of the trusted signer; null: none, or nobody's signature was asked for.</param>
/// <param name="Failure">What is wrong with it, as far as the listing and the manifest show.</param>
internal sealed record RemoteBackupDocument(
    long? Id,
    int Guest,
    string? GuestType,
    string? Archive,
    string? Storage,
    string? Node,
    string Remote,
    string RemoteName,
    string? State,
    long? SizeBytes,
    long SealedBytes,
    int? VolumeCount,
    DateTimeOffset ArchiveTime,
    DateTimeOffset? DiscoveredAt,
    DateTimeOffset? PublishedAt,
    DateTimeOffset? VerifiedAt,
    string? VerifiedHow,
    int? Attempt,
    DateTimeOffset? NextAttemptAt,
    string? Failure,
    string Kind,
    string? SignedBy)
{
    public static RemoteBackupDocument Of(string remote, RemoteBackup backup, TimeZoneInfo zone)
    {
        var manifest = backup.Read?.Manifest;
        return new RemoteBackupDocument(
            Id: null,
            backup.Set.Guest,
            GuestType: null,
            Archive: null,
            Storage: null,
            Node: null,
            remote,
            backup.RemoteName,
            manifest is null ? null : (backup.VolumeFaults.Count == 0 ? BackupState.Published : BackupState.Damaged).Word(),
            manifest?.ArchiveBytes,
            SealedBytes: (long)Int128.Min(
                long.MaxValue, backup.Set.Sizes.Where(file => !IsSmall(file.Key)).Aggregate(Int128.Zero, (sum, file) => sum + Math.Max(0, file.Value))),
            manifest?.Volumes.Count,
            NodeClock.ToInstant(backup.Set.LocalTime, zone),
            DiscoveredAt: null,
            PublishedAt: null,
            VerifiedAt: null,
            VerifiedHow: null,
            Attempt: null,
            NextAttemptAt: null,
            backup.FaultInWords,
            backup.Set.HasManifest ? "backup" : backup.Set.OldFile is null ? "unfinished" : "old",
            backup.Read?.Verdict?.Signer?.Fingerprint);
    }

    private static bool IsSmall(string name) =>
        name.EndsWith(Manifest.FileSuffix, StringComparison.Ordinal) || name.EndsWith(Manifest.SignatureSuffix, StringComparison.Ordinal);
}

/// <summary>What <c>restore --json</c> says once it is done. A contract: fields may be added, never changed.</summary>
/// <param name="Archive">Where it is; null with <c>--stdout</c>.</param>
/// <param name="HasManifest">False: a file of PERB, checked by gpg alone.</param>
/// <param name="SignedBy">Fingerprint of the trusted signer; null: nobody's signature was asked for.</param>
internal sealed record RestoredDocument(
    int Guest,
    string? GuestType,
    string Remote,
    string RemoteName,
    string? Archive,
    string? Log,
    string? Notes,
    long? SizeBytes,
    bool HasManifest,
    string? SignedBy)
{
    public static RestoredDocument Of(FoundBackup from, IReadOnlyList<string> paths)
    {
        var archive = paths.Count > 0 ? paths[0] : null;
        return new RestoredDocument(
            from.Backup.Set.Guest,
            archive is not null && ArchiveName.TryParse(Path.GetFileName(archive), out var name) ? name.GuestType : null,
            from.Place.Name,
            from.Backup.RemoteName,
            archive,
            paths.FirstOrDefault(path => path.EndsWith(".log", StringComparison.Ordinal)),
            paths.FirstOrDefault(path => path.EndsWith(".notes", StringComparison.Ordinal)),
            archive is null ? from.Backup.Read?.Manifest.ArchiveBytes : new FileInfo(archive).Length,
            from.Backup.Read is not null,
            from.Backup.Read?.Verdict?.Signer?.Fingerprint);
    }
}
