using Perb.Scheduler.Configuration;
using Perb.Scheduler.Safety;
using Perb.Scheduler.Store;
using Quartz;

namespace Perb.Scheduler.Notifying;

/// <summary>What a look saw.</summary>
/// <param name="IsSafe">Every guest is known to be inside its RPO.</param>
/// <param name="Summary">One line.</param>
internal sealed record AlarmLook(bool IsSafe, string Summary);

/// <summary>
/// One look at all that is wrong, from the store alone: what people have to be told is recorded as told and put on its way in one transaction.
/// </summary>
internal sealed class LookForAlarms(StatusStore status, SafetyReport safety, AlarmStore store, PerbOptions options, TimeProvider time)
{
    private readonly Concerns _concerns = new(status, store, options);
    private readonly CronExpression _digest = CronExpression.Parse(options.Alarms.Digest).WithTimeZone(options.TimeZone);

    /// <param name="entries">Who is told.</param>
    /// <param name="cancellationToken">Stops before anything is recorded.</param>
    public async Task<AlarmLook> RunAsync(IReadOnlyList<NotifySection> entries, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var guests = await safety.ReadAsync(cancellationToken);
        var concerns = await _concerns.ReadAsync(guests, cancellationToken);
        var known = await store.AlarmsAsync(cancellationToken);
        var step = AlarmRules.Next(known, concerns, await store.AnnouncedAtAsync(cancellationToken), options.Alarms, now);
        var message = step.Announcement is { } announcement ? NotificationText.Of(announcement, options.Proxmox.Node, options.TimeZone, now) : null;
        await store.RecordAsync(known, step, message, [.. entries.Select(entry => entry.Name)]);
        await DigestAsync(guests, step.Alarms, [.. entries.Where(entry => entry.Digest).Select(entry => entry.Name)], now, cancellationToken);
        return await LookAsync(guests, cancellationToken);
    }

    // A digest that was due while nobody looked is made late, and once.
    private async Task DigestAsync(
        IReadOnlyList<GuestSafety> guests, IReadOnlyList<Alarm> alarms, IReadOnlyList<string> entries, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (await store.DigestAtAsync(cancellationToken) is not { } last || last > now)
        {
            await store.RecordDigestAsync(null, entries);
        }
        else if (_digest.GetNextValidTimeAfter(last) <= now)
        {
            var goingOn = alarms.Where(alarm => alarm is { ToldAt: not null, GoneAt: null }).ToList();
            await store.RecordDigestAsync(Digest.Of(guests, await store.WeekAsync(last, cancellationToken), goingOn, last, options, now), entries);
        }
    }

    private async Task<AlarmLook> LookAsync(IReadOnlyList<GuestSafety> guests, CancellationToken cancellationToken)
    {
        var alarming = guests.Count(guest => guest.AlarmingSince is not null);
        var unknown = guests.Count(guest => guest.Verdict == GuestVerdict.Unknown);
        var wereSeen = await status.TimeOfAsync(DiscoveryStore.GuestsSeen, cancellationToken) is not null;
        return new AlarmLook(
            wereSeen && alarming + unknown == 0,
            wereSeen
                ? $"{guests.Count(guest => guest.IsMet is true)} guests inside their RPO, {alarming} outside, {unknown} unknown"
                : "the guests of the node were not seen completely");
    }
}
