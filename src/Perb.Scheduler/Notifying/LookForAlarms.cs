using System.Globalization;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Monitoring;
using Perb.Scheduler.Observability;
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
internal sealed class LookForAlarms(
    StatusStore status, SafetyReport safety, Concerns concerns, AlarmStore store, Health health, PerbOptions options, TimeProvider time)
{
    private static readonly TimeSpan Slack = TimeSpan.FromHours(1);

    private readonly CronExpression _digest = CronExpression.Parse(options.Alarms.Digest).WithTimeZone(options.TimeZone);
    private readonly CronExpression _reconcile = CronExpression.Parse(options.Discovery.Reconcile).WithTimeZone(options.TimeZone);
    private bool _areAllWelcomed;

    /// <param name="entries">Who is told.</param>
    /// <param name="cancellationToken">Stops before anything is recorded.</param>
    public async Task<AlarmLook> RunAsync(IReadOnlyList<NotifySection> entries, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (await health.ReadAsync(cancellationToken) != Health.Fine)
        {
            // Polls record their time. Where none did for long the store may be why, and could not record that trouble either.
            await status.NoteTimeAsync("last look", now, cancellationToken);
        }

        var guests = await safety.ReadAsync(cancellationToken);
        var wrong = await concerns.ReadAsync(guests, cancellationToken);
        var known = await store.AlarmsAsync(cancellationToken);
        var step = AlarmRules.Next(known, wrong, await store.AnnouncedAtAsync(cancellationToken), options.Alarms, now);
        var message = step.Announcement is { } announcement ? await MessageAsync(announcement, guests, now, cancellationToken) : null;
        List<string> names = [.. entries.Select(entry => entry.Name)];
        await WelcomeAsync(names, known, now, cancellationToken);
        await store.RecordAsync(known, step, message, names);
        await DigestAsync(guests, step.Alarms, [.. entries.Where(entry => entry.Digest).Select(entry => entry.Name)], now, cancellationToken);
        return await LookAsync(guests, now, cancellationToken);
    }

    // Who is new is told what others know already, and not only by the next reminder.
    private async Task WelcomeAsync(IReadOnlyList<string> names, IReadOnlyList<Alarm> known, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (_areAllWelcomed)
        {
            return;
        }

        var before = await store.EntriesAsync(cancellationToken);
        List<string> fresh = [.. names.Except(before)];
        List<Alarm> goingOn = [.. known.Where(alarm => alarm is { ToldAt: not null, GoneAt: null })];
        if (fresh.Count > 0 || before.Count != names.Count)
        {
            var message = await MessageAsync(new Announcement([], [], goingOn, IsReminder: true), [], now, cancellationToken);
            await store.RecordEntriesAsync(names, fresh, goingOn.Count > 0 ? message : null);
        }

        _areAllWelcomed = true;
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

    private async Task<AlarmLook> LookAsync(IReadOnlyList<GuestSafety> guests, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var all = SafetySummary.Of(guests);
        return await status.TimeOfAsync(DiscoveryStore.GuestsSeen, cancellationToken) switch
        {
            null => new AlarmLook(false, "the guests of the node were not seen completely"),
            { } seen when !IsFresh(seen, now) => new AlarmLook(false, $"the guests of the node were not seen since {LocalTime.InWords(seen, options.TimeZone)}"),
            _ => new AlarmLook(
                all.IsSafe, $"{all.Judged - all.Late} guests inside their RPO, {all.Alarming} outside, {all.Unknown} unknown{(all.IsNobodyJudged ? ", all left out" : "")}"),
        };
    }

    // Two reconciles in a row may be missed. What a clock dated that was ahead is not seen.
    private bool IsFresh(DateTimeOffset seen, DateTimeOffset now) =>
        seen - now < Slack && (_reconcile.GetNextValidTimeAfter(seen) is not { } next || _reconcile.GetNextValidTimeAfter(next) + Slack > now);

    private async Task<Notification> MessageAsync(
        Announcement announcement, IReadOnlyList<GuestSafety> guests, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var byId = guests.ToDictionary(guest => guest.Guest);
        var endings = new Dictionary<string, Ending>();
        foreach (var alarm in announcement.Over)
        {
            var guest = alarm.Guest is { } id ? byId.GetValueOrDefault(id) : null;
            var backup = alarm.Key.StartsWith(Concern.OfBackup, StringComparison.Ordinal)
                ? await status.FindAsync(long.Parse(alarm.Key[Concern.OfBackup.Length..], CultureInfo.InvariantCulture), cancellationToken)
                : null;
            endings.Add(alarm.Key, Ending.Of(alarm, guest, backup, options.TimeZone));
        }

        return NotificationText.Of(announcement, endings, options.Proxmox.Node, options.TimeZone, now);
    }
}
