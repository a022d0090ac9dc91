namespace Perb.Scheduler.Retention;

/// <summary>What may be removed from a remote: the rules, and how many verified copies of a guest stay whatever they say.</summary>
public sealed record RetentionPolicy(KeepRules Keep, int KeepAtLeast);

/// <summary>A published backup as retention sees it.</summary>
/// <param name="Id">Of the backup.</param>
/// <param name="Guest">Whose it is.</param>
/// <param name="RemoteName">Its name there.</param>
/// <param name="Time">When its archive was made, as its name says.</param>
/// <param name="IsVerified">There is a proof of it.</param>
/// <param name="IsWhole">Everything that is recorded of it is in the remote's listing.</param>
public sealed record StoredCopy(long Id, int Guest, string RemoteName, DateTimeOffset Time, bool IsVerified, bool IsWhole);

/// <summary>What is known of a guest where its copies are judged.</summary>
/// <param name="Exists">On this node; null: nobody can tell, and it counts as existing.</param>
/// <param name="IsRetired">A person said that its copies stay for ever.</param>
/// <param name="Rpo">How old its newest copy may be.</param>
public sealed record GuestFacts(bool? Exists, bool IsRetired, TimeSpan Rpo);

/// <summary>Whether a copy stays, and why.</summary>
public sealed record PruneDecision(StoredCopy Copy, bool IsRemoved, IReadOnlyList<string> Reasons);
