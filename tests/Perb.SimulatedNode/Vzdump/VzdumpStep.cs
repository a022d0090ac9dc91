using Perb.Simulation.Tasks;

namespace Perb.Simulation.Vzdump;

/// <summary>Points at which a test may hold a run and look around, or kill it. In their order.</summary>
public enum VzdumpMoment
{
    /// <summary>The task exists and is RUNNING; job-init has not run.</summary>
    TaskStarted,

    /// <summary>Another run holds the node's global lock.</summary>
    WaitingForLock,

    /// <summary>The lock is held, job-start was called.</summary>
    JobStarted,

    /// <summary>"Starting Backup of VM" is logged; the guest is not locked yet.</summary>
    GuestStarted,

    /// <summary>The <c>.dat</c> exists and is empty.</summary>
    ArchiveOpened,

    /// <summary>The <c>.dat</c> is complete and not renamed.</summary>
    ArchiveWritten,

    /// <summary>The archive has its final name: listed, but without notes, protection or log.</summary>
    Renamed,

    /// <summary>Notes and protection are set, older archives are still there.</summary>
    NotesWritten,

    /// <summary>Older archives are gone; backup-end comes next.</summary>
    Pruned,

    /// <summary>The guest is unlocked and backup-abort, if any, was called; the log is not in the dump directory yet.</summary>
    GuestUnlocked,

    /// <summary>The log lies beside the archive; log-end comes next.</summary>
    LogCopied,

    /// <summary>log-end was called: nothing of this archive changes any more.</summary>
    GuestFinished,

    /// <summary>All guests are done; job-end comes next.</summary>
    JobEnding,
}

public sealed record VzdumpStep(VzdumpMoment Moment, NodeTask Task, int? Vmid, string? Target);
