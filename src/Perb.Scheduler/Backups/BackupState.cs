using System.Collections.Frozen;

namespace Perb.Scheduler.Backups;

/// <summary>
/// What is true of a backup, as facts that can be checked against the world. There is no "uploading": work in progress is a lease, so a
/// crash needs no repair rule.
/// </summary>
public enum BackupState
{
    /// <summary>The archive was seen in a dump directory.</summary>
    Discovered,

    /// <summary>Every volume is on the remote and agrees with its record; staged files are gone.</summary>
    Verified,

    /// <summary>The manifest is on the remote and verified.</summary>
    Published,

    /// <summary>A stored volume is missing or wrong; the source still exists and is shipped again.</summary>
    Damaged,

    /// <summary>A stored volume is missing or wrong, and so is the source.</summary>
    Lost,

    /// <summary>Excluded by rule (judged again at each reconcile) or by a person.</summary>
    Skipped,

    /// <summary>Pruned before all volumes were sealed; revived if the archive reappears.</summary>
    SourceMissing,

    /// <summary>A person is needed.</summary>
    Failed,

    /// <summary>Removed from the remote by retention.</summary>
    Pruned,
}

/// <summary>Persisted words of the states and the legal moves between them, as data.</summary>
public static class BackupStates
{
    private static readonly FrozenDictionary<BackupState, string> Words = new Dictionary<BackupState, string>
    {
        [BackupState.Discovered] = "discovered",
        [BackupState.Verified] = "verified",
        [BackupState.Published] = "published",
        [BackupState.Damaged] = "damaged",
        [BackupState.Lost] = "lost",
        [BackupState.Skipped] = "skipped",
        [BackupState.SourceMissing] = "source-missing",
        [BackupState.Failed] = "failed",
        [BackupState.Pruned] = "pruned",
    }.ToFrozenDictionary();

    private static readonly FrozenDictionary<BackupState, BackupState[]> Moves = new Dictionary<BackupState, BackupState[]>
    {
        [BackupState.Discovered] =
            [BackupState.Verified, BackupState.Published, BackupState.Skipped, BackupState.SourceMissing, BackupState.Failed, BackupState.Pruned],
        [BackupState.Verified] = [BackupState.Published, BackupState.Discovered, BackupState.Skipped, BackupState.Failed, BackupState.Pruned],
        [BackupState.Published] = [BackupState.Damaged, BackupState.Lost, BackupState.Pruned],
        [BackupState.Damaged] = [BackupState.Verified, BackupState.Published, BackupState.Lost, BackupState.Failed, BackupState.Pruned],
        [BackupState.Lost] = [BackupState.Published, BackupState.Damaged, BackupState.Pruned],
        [BackupState.Skipped] = [BackupState.Discovered, BackupState.SourceMissing, BackupState.Pruned],
        [BackupState.SourceMissing] = [BackupState.Discovered, BackupState.Skipped, BackupState.Pruned],
        [BackupState.Failed] = [BackupState.Published, BackupState.Discovered, BackupState.Skipped, BackupState.SourceMissing, BackupState.Pruned],
        [BackupState.Pruned] = [],
    }.ToFrozenDictionary();

    public static string Word(this BackupState state) => Words[state];

    public static bool MayBecome(this BackupState from, BackupState to) => Moves[from].Contains(to);

    /// <exception cref="InvalidOperationException">A word that this version does not know: never guessed at.</exception>
    public static BackupState FromWord(string word)
    {
        foreach (var (state, known) in Words)
        {
            if (known == word)
            {
                return state;
            }
        }

        throw new InvalidOperationException($"the store holds the state '{word}', which this version does not know");
    }
}
