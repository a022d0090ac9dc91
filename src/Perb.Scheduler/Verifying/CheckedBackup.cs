using Perb.Scheduler.Backups;

namespace Perb.Scheduler.Verifying;

/// <summary>What a check found of one backup.</summary>
/// <param name="Backup">As it stands now.</param>
/// <param name="Proven">How many of its volumes were proven.</param>
/// <param name="Fault">Null: nothing is wrong.</param>
public sealed record CheckedBackup(Backup Backup, int Proven, string? Fault);

/// <summary>What a check of a remote found.</summary>
/// <param name="Fault">Null, or why it could not be carried to its end.</param>
public sealed record CheckedRemote(string Remote, IReadOnlyList<CheckedBackup> Backups, string? Fault);
