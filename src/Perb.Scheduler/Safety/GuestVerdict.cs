namespace Perb.Scheduler.Safety;

/// <summary>What can be said of a guest as a whole.</summary>
public enum GuestVerdict
{
    /// <summary>Every remote has a verified copy that is not older than the RPO.</summary>
    Met,

    /// <summary>Some remote has none so young.</summary>
    Late,

    /// <summary>It does not exist on this node any more; its copies stay.</summary>
    Gone,

    /// <summary>A person said that it is never judged (<c>perb retire</c>).</summary>
    Retired,

    /// <summary>The rules of <c>Discovery</c> leave it out: it is not to be shipped.</summary>
    NotIncluded,

    /// <summary>The token is not shown all guests, so nobody can tell whether it exists.</summary>
    Unknown,
}

/// <summary>The words of <c>--json</c>, a contract.</summary>
public static class GuestVerdictWords
{
    public static string Word(this GuestVerdict verdict) => verdict switch
    {
        GuestVerdict.Met => "met",
        GuestVerdict.Late => "late",
        GuestVerdict.Gone => "gone",
        GuestVerdict.Retired => "retired",
        GuestVerdict.NotIncluded => "not-included",
        GuestVerdict.Unknown => "unknown",
        _ => throw new ArgumentOutOfRangeException(nameof(verdict), verdict, null),
    };
}
