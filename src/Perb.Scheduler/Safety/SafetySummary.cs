namespace Perb.Scheduler.Safety;

/// <summary>All guests in numbers: what the page, the digest and the dead man's ping have in common, so that none calls safe what another does not.</summary>
/// <param name="Judged">Inside their RPO or late.</param>
/// <param name="Late">Of those, the ones that are not inside it.</param>
/// <param name="Alarming">Of those, the ones that somebody has to be told of.</param>
/// <param name="Unknown">Nobody can tell whether they exist.</param>
/// <param name="LeftOut">They exist, and the rules leave them out.</param>
public sealed record SafetySummary(int Judged, int Late, int Alarming, int Unknown, int LeftOut)
{
    /// <summary>There are guests, and all are left out.</summary>
    public bool IsNobodyJudged => Judged == 0 && LeftOut > 0;

    /// <summary>Nothing is missed: a guest may be so new that it has no copy yet. A node without guests (its guests moved away) misses nothing.</summary>
    public bool IsSafe => Alarming + Unknown == 0 && !IsNobodyJudged;

    /// <summary>Every guest that is there has a copy that is young enough.</summary>
    public bool IsAllMet => Judged > 0 && Late + Unknown == 0;

    public static SafetySummary Of(IReadOnlyCollection<GuestSafety> guests) => new(
        guests.Count(guest => guest.IsMet is not null),
        guests.Count(guest => guest.IsMet is false),
        guests.Count(guest => guest.AlarmingSince is not null),
        guests.Count(guest => guest.Verdict == GuestVerdict.Unknown),
        guests.Count(guest => guest is { Verdict: GuestVerdict.NotIncluded, Exists: true }));
}
