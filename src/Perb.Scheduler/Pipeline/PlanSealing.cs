using Perb.Scheduler.Backups;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Store;
using Perb.Transfer;
using Perb.Transfer.Keys;
using Perb.Transfer.Rclone;
using Perb.Transfer.Sealing;

namespace Perb.Scheduler.Pipeline;

/// <summary>
/// The recorded plan of a backup, made at its first seal. A plan whose archive or recipients are no longer the same is void, with
/// everything made under it: volumes of two plans must never meet under one name.
/// </summary>
public sealed class PlanSealing(
    PipelineStore store,
    RcloneProgram rclone,
    StagingArea staging,
    EncryptionSection options,
    IReadOnlyList<Recipient> recipients,
    Crash crash,
    ILogger<PlanSealing> logger)
{
    /// <summary>vzdump's logs are some KiB; whoever plants more beside an archive does not get it into the store.</summary>
    private const int MaxCompanionBytes = 4 << 20;

    /// <exception cref="NameConflictException">Something lies under the backup's name that this store did not make.</exception>
    public async Task<SealingPlan> RunAsync(
        Claim claim, Remote remote, RemoteObjects objects, SourceAtNeed source, CancellationToken cancellationToken)
    {
        var plan = await store.LoadPlanAsync(claim.Backup, cancellationToken);
        if (plan is null)
        {
            RefuseForeign(remote, objects);
        }
        else if (Mismatch(plan, claim.Backup) is { } reason)
        {
            if (await IsAllThereIsAsync(plan, claim.Backup, objects, source, cancellationToken))
            {
                return plan;
            }

            await VoidAsync(claim, remote, plan, objects, reason, cancellationToken);
        }
        else
        {
            return plan;
        }

        return await MakeAsync(claim, source, cancellationToken);
    }

    // Objects under our names without a plan are somebody else's (PERB's old files among them) until a person says otherwise.
    private static void RefuseForeign(Remote remote, RemoteObjects objects)
    {
        if (objects.Sizes.Keys.FirstOrDefault() is { } name)
        {
            throw new NameConflictException(
                $"{remote.ObjectPath(name)} exists already and this store did not make it: nothing is uploaded over it; move it away on the remote, then retry");
        }
    }

    private string? Mismatch(SealingPlan plan, Backup backup)
    {
        if (!IsOf(plan, backup))
        {
            return "the archive is not the one that was planned";
        }

        return plan.RecipientFingerprints.ToHashSet().SetEquals(recipients.Select(recipient => recipient.SubkeyFingerprint))
            ? null
            : "the recipients changed";
    }

    // What is sealed of an archive that is gone is all that is left of it. Where that is whole and proven on the remote, it is published for
    // whom it was sealed; its manifest alone is missing.
    private async Task<bool> IsAllThereIsAsync(
        SealingPlan plan, Backup backup, RemoteObjects objects, SourceAtNeed source, CancellationToken cancellationToken)
    {
        var volumes = await store.LoadVolumesAsync(backup.Id, cancellationToken);
        var isWhole = IsOf(plan, backup)
            && volumes.Count == plan.VolumeCount
            && volumes.All(volume => volume.VerifiedAt is not null && objects.Holds(volume));
        try
        {
            (await source.OpenAsync(cancellationToken)).Dispose();
            return false;
        }
        catch (SourceMissingException) when (isWhole)
        {
            return true;
        }
    }

    private static bool IsOf(SealingPlan plan, Backup backup) =>
        plan.ArchiveBytes == backup.SizeBytes && plan.ArchiveModifiedAt == backup.ModifiedAt;

    // Cut short, this is done again: the plan is void only when nothing of it is left.
    private async Task VoidAsync(
        Claim claim, Remote remote, SealingPlan plan, RemoteObjects objects, string reason, CancellationToken cancellationToken)
    {
        // First what vouches for the volumes; a run that was cut before the manifest may have left it.
        if (objects.HasSignature)
        {
            await rclone.DeleteFileAsync(remote.ObjectPath(objects.SignatureName), cancellationToken);
        }

        for (var number = 1; number <= plan.VolumeCount; number++)
        {
            var name = plan.VolumeName(number);
            staging.Delete(remote.Name, name);
            if (objects.Sizes.ContainsKey(name))
            {
                await rclone.DeleteFileAsync(remote.ObjectPath(name), cancellationToken);
                crash.Reached(CrashPoint.VolumeRemoved);
            }
        }

        await store.VoidPlanAsync(claim, reason);
        crash.Reached(CrashPoint.PlanVoid);
    }

    private async Task<SealingPlan> MakeAsync(Claim claim, SourceAtNeed atNeed, CancellationToken cancellationToken)
    {
        using var source = await atNeed.OpenAsync(cancellationToken);
        var name = ArchiveName.TryParse(source.Name, out var parsed)
            ? parsed
            : throw new InvalidOperationException($"{source.Name} is not a standard archive name");
        if (source.SizeBytes != claim.Backup.SizeBytes || source.ModifiedAt != claim.Backup.ModifiedAt)
        {
            throw new SourceChangedException(source.Path, "it is not the one that was listed; the next listing records it");
        }

        if (source.SizeBytes == 0)
        {
            logger.ArchiveIsEmpty(source.Path);
        }

        var folder = Path.GetDirectoryName(source.Path)!;
        var tar = TarStream.For(
            source.Name,
            source.SizeBytes,
            source.ModifiedAt,
            await ReadCompanionAsync(atNeed, folder, name.LogName, cancellationToken),
            await ReadCompanionAsync(atNeed, folder, name.NotesName, cancellationToken));
        if (tar.TotalBytes / options.VolumeBytes >= VolumeNames.MaxCount)
        {
            throw new ConfigurationException(
                $"{source.Name} would be more than {VolumeNames.MaxCount} volumes: raise Encryption:VolumeSize, then retry");
        }

        var plan = new SealingPlan
        {
            RemoteName = claim.Backup.RemoteName,
            ArchiveName = source.Name,
            ArchiveBytes = source.SizeBytes,
            ArchiveModifiedAt = source.ModifiedAt,
            Tar = tar,
            VolumeBytes = options.VolumeBytes,
            Packet = PacketChoice.For(options.Packet, recipients, VolumeSealer.OcbIsAvailable),
            HideRecipients = options.HideRecipients,
            RecipientFingerprints = [.. recipients.Select(recipient => recipient.SubkeyFingerprint)],
        };
        await store.RecordPlanAsync(claim, plan);
        crash.Reached(CrashPoint.PlanRecorded);
        return plan;
    }

    // A companion that cannot be taken along must not keep the archive from going offsite; that it stays behind is said.
    private async Task<TarCompanion?> ReadCompanionAsync(
        SourceAtNeed source, string folder, string name, CancellationToken cancellationToken)
    {
        var path = Path.Combine(folder, name);
        try
        {
            using var file = await source.OpenCompanionAsync(path, cancellationToken);
            if (file.SizeBytes > MaxCompanionBytes)
            {
                logger.CompanionLeftOut(path, $"it has {ByteSize.Format(file.SizeBytes)}");
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
        catch (Exception exception) when (exception is SourceRefusedException or IOException or UnauthorizedAccessException)
        {
            logger.CompanionLeftOut(path, Printable.Clean(exception.Message));
            return null;
        }
    }
}
