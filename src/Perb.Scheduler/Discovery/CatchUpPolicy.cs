using Perb.Scheduler.Configuration;
using Perb.Scheduler.Store;

namespace Perb.Scheduler.Discovery;

/// <summary>
/// Which archives are shipped: those of guests that the rules name, not older than <c>IgnoreOlderThan</c>, and always each guest's
/// newest, whatever its age. Pure; judged again at every reconcile.
/// </summary>
public sealed class CatchUpPolicy(DiscoverySection options)
{
    /// <summary>Null: ship it. Otherwise the reason, as it is shown.</summary>
    public string? SkipReason(FoundArchive archive, bool isNewestOfGuest, KnownGuest? guest, DateTimeOffset now)
    {
        if (options.Exclude.FirstOrDefault(rule => Matches(rule, archive, guest)) is { } excluded)
        {
            return $"excluded by Discovery:Exclude \"{excluded.Text}\"";
        }

        if (options.Include.Count > 0 && !options.Include.Any(rule => Matches(rule, archive, guest)))
        {
            return "not named by Discovery:Include";
        }

        if (!isNewestOfGuest && now - archive.Time > options.IgnoreOlderThan)
        {
            return $"older than Discovery:IgnoreOlderThan ({options.IgnoreOlderThan:c})";
        }

        return null;
    }

    private static bool Matches(GuestRule rule, FoundArchive archive, KnownGuest? guest) =>
        rule.Matches(archive.Name.VmId, archive.Name.GuestType, guest?.Pool, guest?.Tags ?? NoTags);

    private static readonly IReadOnlySet<string> NoTags = new HashSet<string>();
}
