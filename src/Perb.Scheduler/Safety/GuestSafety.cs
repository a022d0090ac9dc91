using Perb.Scheduler.Configuration;
using Perb.Scheduler.Store;

namespace Perb.Scheduler.Safety;

/// <summary>The newest verified copy of a guest on one configured remote.</summary>
/// <param name="Newest">Null: it has none there.</param>
/// <param name="IsInTime">Not older than the guest's RPO.</param>
public sealed record RemoteSafety(string Remote, CopyProof? Newest, bool IsInTime);

/// <summary>
/// How safe a guest is offsite: the one judgement that <c>status</c>, alarms, metrics and pages read. Pure; instants are UTC, and what a
/// wrong clock dated ahead of now counts nowhere in it.
/// </summary>
/// <param name="GuestType"><c>qemu</c> or <c>lxc</c>; empty where only copies of a lost store speak of it.</param>
/// <param name="Name">Foreign text, as Proxmox has it; null: unknown.</param>
/// <param name="Verdict">The one word for it.</param>
/// <param name="Rpo">How old its newest verified copy may be, on every remote.</param>
/// <param name="NewestArchive">When the newest archive that was ever seen was made.</param>
/// <param name="Remotes">One for each configured remote, in their order.</param>
/// <param name="Standing">
/// Who decides: of the remotes' newest copies the oldest. Null where a remote has none, since a copy on one is no reason to forget that the
/// other has none.
/// </param>
/// <param name="SafeUntil">Until then its copies are young enough on every remote, also where that is past. Null where a remote has none.</param>
/// <param name="Exists">On this node; null where nobody can tell.</param>
/// <param name="IsIncluded">By the rules of <c>Discovery</c>; null where the guest is not there to be judged and a rule asks for its pool or tags.</param>
/// <param name="IsCovered">By some vzdump job of the cluster; null where the token is not shown jobs and guests, or the guest is not there.</param>
public sealed record GuestSafety(
    int Guest,
    string GuestType,
    string? Name,
    GuestVerdict Verdict,
    TimeSpan Rpo,
    DateTimeOffset? NewestArchive,
    IReadOnlyList<RemoteSafety> Remotes,
    CopyProof? Standing,
    DateTimeOffset? SafeUntil,
    bool? Exists,
    bool IsRetired,
    bool? IsIncluded,
    bool? IsCovered)
{
    /// <summary>
    /// Since when more than the RPO's worth of work would be lost: the end of <see cref="SafeUntil"/>, or, where a remote never had a copy, one
    /// RPO after the guest was first seen. Null where it is not late, or not so long yet: a new guest is late from its first minute on, but
    /// nobody has to be woken for it.
    /// </summary>
    public DateTimeOffset? AlarmingSince { get; private init; }

    /// <summary>When the node first showed it; null where it is not there now.</summary>
    public DateTimeOffset? FirstSeenAt { get; private init; }

    /// <summary>Null where it does not matter or cannot be known.</summary>
    public bool? IsMet => Verdict switch
    {
        GuestVerdict.Met => true,
        GuestVerdict.Late => false,
        _ => null,
    };

    /// <param name="guest">As the store has it.</param>
    /// <param name="options">RPO, remotes and rules.</param>
    /// <param name="now">For telling what is late.</param>
    public static GuestSafety Of(GuestCopies guest, PerbOptions options, DateTimeOffset now)
    {
        var rpo = options.RpoOf(guest.Guest, guest.GuestType);
        var remotes = options.Remotes
            .Select(remote => guest.Copies.GetValueOrDefault(remote.Name) is { } newest
                ? new RemoteSafety(remote.Name, newest, now - newest.ArchiveTime <= rpo)
                : new RemoteSafety(remote.Name, null, false))
            .ToList();
        var standing = remotes.Exists(remote => remote.Newest is null) ? null : remotes.Select(remote => remote.Newest).MinBy(copy => copy!.ArchiveTime);
        var safeUntil = standing?.ArchiveTime + rpo;
        var isIncluded = IsIncludedIn(options.Discovery, guest);
        var verdict = guest switch
        {
            { IsRetired: true } => GuestVerdict.Retired,
            { Exists: false } => GuestVerdict.Gone,
            _ when isIncluded is false => GuestVerdict.NotIncluded,
            { Exists: null } => GuestVerdict.Unknown,
            _ => remotes.TrueForAll(remote => remote.IsInTime) ? GuestVerdict.Met : GuestVerdict.Late,
        };
        var lateFrom = safeUntil ?? guest.FirstSeenAt + rpo;
        return new GuestSafety(
            guest.Guest, guest.GuestType, guest.Name, verdict, rpo, guest.NewestArchive, remotes, standing, safeUntil,
            guest.Exists, guest.IsRetired, isIncluded, guest.IsCovered)
        {
            FirstSeenAt = guest.FirstSeenAt,
            AlarmingSince = verdict == GuestVerdict.Late && lateFrom < now ? lateFrom : null,
        };
    }

    private static bool? IsIncludedIn(DiscoverySection rules, GuestCopies guest)
    {
        if (Matches(rules.Exclude) is not false and var excluded)
        {
            return excluded is null ? null : false;
        }

        return rules.Include.Count == 0 ? true : Matches(rules.Include);

        // Of a guest that is not there nobody knows pool and tags any more.
        bool? Matches(IReadOnlyList<GuestRule> list) =>
            list.Any(rule => rule.Matches(guest.Guest, guest.GuestType, guest.Pool, guest.Tags)) ? true
            : guest.Exists is not true && list.Any(rule => rule.NeedsApi) ? null : false;
    }
}
