using Perb.Scheduler.Discovery;

namespace Perb.Scheduler.Retention;

/// <summary>What is removed from a remote and what stays, decided before anything is touched. Pure.</summary>
/// <param name="Decisions">One for each published backup, by guest and time.</param>
/// <param name="Refusal">Null, or why the plan as a whole may not be carried out without a person.</param>
public sealed record PrunePlan(IReadOnlyList<PruneDecision> Decisions, string? Refusal)
{
    /// <summary>A remote with more copies than this is not emptied by more than half without a person.</summary>
    public const int FewCopies = 20;

    public IReadOnlyList<StoredCopy> Removed => [.. Decisions.Where(decision => decision.IsRemoved).Select(decision => decision.Copy)];

    /// <param name="copies">Every backup that this store published there.</param>
    /// <param name="policy">Of the remote.</param>
    /// <param name="guestOf">What is known of a guest.</param>
    /// <param name="zone">In which days and weeks begin.</param>
    /// <param name="now">The clock, as far as it can be believed.</param>
    public static PrunePlan For(
        IReadOnlyList<StoredCopy> copies, RetentionPolicy policy, Func<int, GuestFacts> guestOf, TimeZoneInfo zone, DateTimeOffset now)
    {
        var decisions = copies
            .GroupBy(copy => copy.Guest)
            .OrderBy(group => group.Key)
            .SelectMany(group => OfGuest([.. group.OrderBy(copy => copy.Time).ThenBy(copy => copy.Id)], policy, guestOf(group.Key), zone, now))
            .ToList();
        var removed = decisions.Count(decision => decision.IsRemoved);
        var refusal = copies.Count > FewCopies && removed > copies.Count / 2
            ? $"it would remove {removed} of {copies.Count} backups, more than half: look at the plan (perb prune --dry-run), then perb prune --yes"
            : null;
        return new PrunePlan(decisions, refusal);
    }

    private static IEnumerable<PruneDecision> OfGuest(
        List<StoredCopy> copies, RetentionPolicy policy, GuestFacts guest, TimeZoneInfo zone, DateTimeOffset now)
    {
        if (BrakeOf(copies, guest, now) is { } brake)
        {
            return copies.Select(copy => new PruneDecision(copy, false, [brake]));
        }

        // What cannot be relied on takes no place of what can, and is not removed either.
        var counted = copies.Where(copy => OddityOf(copy, now) is null).ToList();
        var reasons = policy.Keep.Judge([.. counted.Select(copy => copy.Time)], zone);
        var atLeast = counted.Count - policy.KeepAtLeast;
        var judged = counted.Select((copy, index) => Decide(copy, reasons[index], isOneOfTheLast: index >= atLeast, policy));
        return judged
            .Concat(copies.Except(counted).Select(copy => new PruneDecision(copy, false, [OddityOf(copy, now)!])))
            .OrderBy(decision => decision.Copy.Time).ThenBy(decision => decision.Copy.Id);
    }

    private static PruneDecision Decide(StoredCopy copy, string? rule, bool isOneOfTheLast, RetentionPolicy policy)
    {
        List<string> reasons = [];
        if (rule is not null)
        {
            reasons.Add(rule);
        }

        if (isOneOfTheLast)
        {
            reasons.Add($"one of the newest {policy.KeepAtLeast} verified copies (KeepAtLeast)");
        }

        return reasons.Count > 0 ? new PruneDecision(copy, false, reasons) : new PruneDecision(copy, true, ["no keep rule needs it"]);
    }

    // Why nothing of a guest is removed.
    private static string? BrakeOf(List<StoredCopy> copies, GuestFacts guest, DateTimeOffset now)
    {
        if (guest.IsRetired)
        {
            return "the guest is retired (perb retire)";
        }

        if (copies.Any(copy => !copy.IsWhole))
        {
            return "a copy of this guest is not whole in the remote's listing";
        }

        var newest = copies.Where(copy => OddityOf(copy, now) is null).MaxBy(copy => copy.Time);
        return newest is null ? "the guest has no verified copy"
            : guest.Exists is not false && now - newest.Time > guest.Rpo ? $"the newest verified copy is older than the RPO ({guest.Rpo:c})"
            : null;
    }

    private static string? OddityOf(StoredCopy copy, DateTimeOffset now) =>
        copy.Time > FoundArchive.LatestBelievable(now) ? "dated in the future"
        : !copy.IsVerified ? "not verified yet"
        : null;
}
