using Perb.Scheduler.Backups;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Store;
using Perb.Transfer.Keys;
using Perb.Transfer.Rclone;
using Perb.Transfer.Sealing;

namespace Perb.Scheduler.Pipeline;

/// <summary>
/// The recorded plan of a backup, made at its first seal. A plan whose archive or recipients are no longer the same is void, with
/// everything made under it: volumes of two plans must never meet under one name.
/// </summary>
public sealed class PlanSealing(
    PipelineStore store, RcloneProgram rclone, StagingArea staging, EncryptionSection options, IReadOnlyList<Recipient> recipients)
{
    /// <summary>vzdump's logs are some KiB; whoever plants more beside an archive does not get it into the store.</summary>
    private const int MaxCompanionBytes = 4 << 20;

    public async Task<SealingPlan> RunAsync(Claim claim, Remote remote, SourceArchive? source, CancellationToken cancellationToken)
    {
        var plan = await store.LoadPlanAsync(claim.Backup, cancellationToken);
        if (plan is not null && source is not null && Mismatch(plan, source) is { } reason)
        {
            await VoidAsync(claim, remote, reason, cancellationToken);
            plan = null;
        }

        return plan ?? await MakeAsync(claim, source ?? throw new SourceMissingException(claim.Backup.Path), cancellationToken);
    }

    private string? Mismatch(SealingPlan plan, SourceArchive source)
    {
        if (plan.ArchiveBytes != source.SizeBytes || plan.ArchiveModifiedAt != source.ModifiedAt)
        {
            return "the archive is not the one that was planned";
        }

        return plan.RecipientFingerprints.ToHashSet().SetEquals(recipients.Select(recipient => recipient.SubkeyFingerprint))
            ? null
            : "the recipients changed";
    }

    private async Task VoidAsync(Claim claim, Remote remote, string reason, CancellationToken cancellationToken)
    {
        foreach (var volume in await store.LoadVolumesAsync(claim.Backup.Id, cancellationToken))
        {
            await rclone.DeleteFileAsync(remote.ObjectPath(volume.Name), cancellationToken);
            staging.Delete(remote.Name, volume.Name);
        }

        await store.VoidPlanAsync(claim, reason);
    }

    private async Task<SealingPlan> MakeAsync(Claim claim, SourceArchive source, CancellationToken cancellationToken)
    {
        var name = ArchiveName.TryParse(source.Name, out var parsed)
            ? parsed
            : throw new InvalidOperationException($"{source.Name} is not a standard archive name");
        if (source.SizeBytes != claim.Backup.SizeBytes || source.ModifiedAt != claim.Backup.ModifiedAt)
        {
            throw new SourceChangedException(source.Path, "it is not the one that was listed; the next listing records it");
        }

        var folder = Path.GetDirectoryName(source.Path)!;
        var plan = new SealingPlan
        {
            RemoteName = claim.Backup.RemoteName,
            ArchiveName = source.Name,
            ArchiveBytes = source.SizeBytes,
            ArchiveModifiedAt = source.ModifiedAt,
            Tar = TarStream.For(
                source.Name,
                source.SizeBytes,
                source.ModifiedAt,
                await ReadCompanionAsync(folder, name.LogName, cancellationToken),
                await ReadCompanionAsync(folder, name.NotesName, cancellationToken)),
            VolumeBytes = options.VolumeBytes,
            Packet = PacketChoice.For(options.Packet, recipients, VolumeSealer.OcbIsAvailable),
            HideRecipients = options.HideRecipients,
            RecipientFingerprints = [.. recipients.Select(recipient => recipient.SubkeyFingerprint)],
        };
        await store.RecordPlanAsync(claim, plan);
        return plan;
    }

    private static async Task<TarCompanion?> ReadCompanionAsync(string folder, string name, CancellationToken cancellationToken)
    {
        try
        {
            using var file = SourceArchive.Open(Path.Combine(folder, name));
            if (file.SizeBytes > MaxCompanionBytes)
            {
                return null;
            }

            var content = new byte[file.SizeBytes];
            await file.ReadExactlyAsync(content, 0, cancellationToken);
            return new TarCompanion(name, content, file.ModifiedAt);
        }
        catch (SourceMissingException)
        {
            return null;
        }
    }
}
