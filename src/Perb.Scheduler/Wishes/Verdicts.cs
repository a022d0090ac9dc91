using Perb.Scheduler.Backups;
using Perb.Scheduler.Discovery;

namespace Perb.Scheduler.Wishes;

/// <summary>What a wish for an archive means to the backup of its name.</summary>
public enum ShipVerdict
{
    /// <summary>It is to be shipped, from where the person said.</summary>
    Due,

    /// <summary>It is a copy already.</summary>
    Already,

    /// <summary>The name on the remote belongs to another archive, or the backup is past shipping.</summary>
    Conflict,
}

/// <summary>Whether a backup may be shipped, skipped or tried again by hand. Pure: from what is recorded and what was named.</summary>
public static class Verdicts
{
    /// <param name="known">The backup that has the archive's name on the remote.</param>
    /// <param name="archive">What the person named.</param>
    /// <param name="isBusy">A worker has it in its hands.</param>
    /// <param name="hasItsOwnArchive">
    /// The archive that is recorded still lies where it was recorded, or is held, or is sealed whole: then that is all that is left of it, and it
    /// is not thrown away for another file of its name.
    /// </param>
    public static ShipVerdict OnShipping(Backup known, FoundArchive archive, bool isBusy, bool hasItsOwnArchive)
    {
        var isSame = known.Archive == archive.Name.FileName && known.SizeBytes == archive.SizeBytes && known.ModifiedAt == archive.ModifiedAt;
        return known.State switch
        {
            BackupState.Published when isSame => ShipVerdict.Already,
            BackupState.Verified when isSame => ShipVerdict.Due,
            BackupState.Discovered or BackupState.Skipped or BackupState.SourceMissing or BackupState.Failed
                when isSame || (!isBusy && !hasItsOwnArchive) => ShipVerdict.Due,
            _ => ShipVerdict.Conflict,
        };
    }

    /// <summary>Null: it may be skipped.</summary>
    /// <param name="backup">What was named.</param>
    /// <param name="isBusy">
    /// A worker has it in its hands. Of a verified backup it sends the manifest, and whoever loses its claim meanwhile cannot call that back.
    /// One that was sent before, and not recorded, shows by the rclone that was noted: volumes leave none behind when they are uploaded.
    /// </param>
    public static string? RefusalToSkip(Backup backup, bool isBusy) => backup switch
    {
        { State: BackupState.Skipped } => null,
        { State: BackupState.Published } => $"{InWords(backup)} is published: it is on the remote and stays there",
        { State: BackupState.Verified } when isBusy || backup.HasUploader =>
            $"{InWords(backup)} is being published: all its volumes are on the remote, and its manifest may be there already; it is too late to skip it",
        _ when backup.State.MayBecome(BackupState.Skipped) => null,
        _ => $"{InWords(backup)} is {backup.State.Word()}: there is nothing to skip",
    };

    /// <summary>Null: it may be tried again, or is a copy already.</summary>
    /// <param name="backup">What was named.</param>
    /// <param name="remotes">Those that are configured: of another nobody would ever try.</param>
    public static string? RefusalToRetry(Backup backup, IReadOnlyList<string> remotes) => backup switch
    {
        { State: BackupState.Published } => null,
        _ when !remotes.Contains(backup.Remote) => $"{InWords(backup)} is for a remote that the configuration does not name any more",
        { State: BackupState.Discovered or BackupState.Verified or BackupState.Damaged or BackupState.Failed } => null,
        { State: BackupState.Skipped, ByHand: ByHand.Skip } => null,
        { State: BackupState.Skipped } => $"{InWords(backup)} is skipped by rule ({backup.Failure}); to ship it all the same: perb ship {backup.Path}",
        { State: BackupState.SourceMissing } =>
            $"{InWords(backup)} has no archive any more: it is shipped once {backup.Path} is back, or by perb ship from where it lies now",
        _ => $"{InWords(backup)} is {backup.State.Word()}: there is nothing to try again",
    };

    private static string InWords(Backup backup) => $"backup {backup.Id} ({backup.RemoteName} to {backup.Remote})";
}
