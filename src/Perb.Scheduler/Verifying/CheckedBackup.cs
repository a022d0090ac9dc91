using Perb.Scheduler.Backups;

namespace Perb.Scheduler.Verifying;

/// <summary>What is to be checked of a remote, and how.</summary>
/// <param name="Guest">Null, or the only one whose copies are checked.</param>
/// <param name="Share">One volume in so many is proven; 1: all.</param>
/// <param name="IsDownload">By content, whatever hash the remote reports.</param>
/// <param name="IsApproved">A person says that more than half of it may be gone indeed.</param>
public sealed record VerifyOrder(int? Guest, int Share, bool IsDownload, bool IsApproved);

/// <summary>What a check found of one backup.</summary>
/// <param name="Backup">As it stands now.</param>
/// <param name="Proven">How many of its volumes were proven.</param>
/// <param name="Fault">Null: nothing is wrong.</param>
public sealed record CheckedBackup(Backup Backup, int Proven, string? Fault)
{
    /// <summary><c>ok</c>, what it is now, or <c>unchecked</c>: the remote did not let it be looked at.</summary>
    public string Result => Fault is null ? "ok" : Backup.State == BackupState.Published ? "unchecked" : Backup.State.Word();
}

/// <summary>What a check of a remote found.</summary>
/// <param name="Fault">Null, or why it could not be carried to its end.</param>
public sealed record CheckedRemote(string Remote, IReadOnlyList<CheckedBackup> Backups, string? Fault);
