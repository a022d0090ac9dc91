using Perb.Scheduler.Configuration;

namespace Perb.Scheduler.Notifying;

/// <summary>What people are told next.</summary>
/// <param name="Raised">New.</param>
/// <param name="Over">At an end.</param>
/// <param name="Ongoing">They were told before.</param>
/// <param name="IsReminder">Nothing changed; it is said again that these go on.</param>
public sealed record Announcement(IReadOnlyList<Alarm> Raised, IReadOnlyList<Alarm> Over, IReadOnlyList<Alarm> Ongoing, bool IsReminder);

/// <summary>What a look came to.</summary>
/// <param name="Alarms">As they are to be remembered.</param>
/// <param name="Announcement">Null: there is nothing to say now.</param>
public sealed record AlarmStep(IReadOnlyList<Alarm> Alarms, Announcement? Announcement);

/// <summary>
/// When people are told what: once when something begins, once a day while it goes on, once when it is over; what changes close together is
/// told together. Pure: what is remembered, what is wrong now, and the time decide.
/// </summary>
public static class AlarmRules
{
    /// <summary>What is over one after the other is told together, but the first of it does not wait longer than so many times <c>Quiet</c>.</summary>
    private const int QuietsAtMost = 6;

    /// <param name="known">As the last look left them.</param>
    /// <param name="concerns">All that is wrong now, and is certain.</param>
    /// <param name="announcedAt">When people were last told of a change; null: never.</param>
    /// <param name="rules">The configured times.</param>
    /// <param name="now">The time of the look.</param>
    public static AlarmStep Next(
        IReadOnlyList<Alarm> known, IReadOnlyList<Concern> concerns, DateTimeOffset? announcedAt, AlarmSection rules, DateTimeOffset now)
    {
        known = [.. known.Select(alarm => alarm.NotAfter(now))];
        var wrong = concerns.DistinctBy(concern => concern.Key).ToDictionary(concern => concern.Key);
        var before = known.ToDictionary(alarm => alarm.Key);
        var alarms = wrong.Values.Select(concern => before.TryGetValue(concern.Key, out var alarm) ? alarm.GoingOn(concern, now) : Alarm.Of(concern, now))
            .Concat(known.Where(alarm => !wrong.ContainsKey(alarm.Key) && alarm.ToldAt is not null).Select(alarm => alarm with { GoneAt = alarm.GoneAt ?? now }))
            .ToList();

        var ready = alarms.Where(alarm => alarm.ToldAt is null && ReadyAt(alarm, wrong[alarm.Key], rules) <= now).ToList();
        var over = alarms.Where(alarm => alarm.GoneAt + rules.Quiet <= now).ToList();
        var isDue = ready.Exists(alarm => ReadyAt(alarm, wrong[alarm.Key], rules) + rules.Gather <= now) || IsCalm(alarms, over, rules, now);
        var isChange = isDue && (announcedAt is null || announcedAt > now || announcedAt + rules.Spacing <= now);
        var told = alarms.Where(alarm => alarm is { ToldAt: not null, GoneAt: null }).ToList();
        var isReminder = told.Exists(alarm => (alarm.RemindedAt ?? alarm.ToldAt) + rules.Remind <= now);
        if (!isChange && !isReminder)
        {
            return new AlarmStep(alarms, null);
        }

        List<Alarm> raised = isChange ? ready : [];
        List<Alarm> ended = isChange ? over : [];
        return new AlarmStep(
            [.. alarms.Except(ended).Select(alarm => After(alarm, raised.Contains(alarm), isReminder, now))],
            new Announcement(raised, ended, told, !isChange));
    }

    private static Alarm After(Alarm alarm, bool isRaised, bool isReminder, DateTimeOffset now) => alarm switch
    {
        _ when isRaised => alarm with { ToldAt = now },
        { ToldAt: not null, GoneAt: null } when isReminder => alarm with { RemindedAt = now },
        _ => alarm,
    };

    // Neither before it lasts long enough nor before it was noticed.
    private static DateTimeOffset ReadyAt(Alarm alarm, Concern concern, AlarmSection rules)
    {
        var lasting = concern.IsUrgent ? alarm.NoticedAt : alarm.Since + rules.Patience;
        return lasting > alarm.NoticedAt ? lasting : alarm.NoticedAt;
    }

    private static bool IsCalm(List<Alarm> alarms, List<Alarm> over, AlarmSection rules, DateTimeOffset now) => over.Count > 0
        && (alarms.TrueForAll(alarm => alarm.GoneAt is not { } gone || gone + rules.Quiet <= now)
            || over.Exists(alarm => alarm.GoneAt + (rules.Quiet * QuietsAtMost) <= now));
}
