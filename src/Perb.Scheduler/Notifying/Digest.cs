using System.Globalization;
using System.Text;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Safety;
using Perb.Scheduler.Store;

namespace Perb.Scheduler.Notifying;

/// <summary>What a week came to, so that silence is known to be good. Pure.</summary>
internal static class Digest
{
    private const int MostNamed = 30;

    /// <param name="guests">All.</param>
    /// <param name="week">What was done, by remote.</param>
    /// <param name="alarms">Those that people were told of and that go on.</param>
    /// <param name="since">Where the week began.</param>
    /// <param name="options">The node's name and clock.</param>
    /// <param name="now">Where it ends.</param>
    public static Notification Of(
        IReadOnlyList<GuestSafety> guests,
        IReadOnlyList<RemoteWeek> week,
        IReadOnlyList<Alarm> alarms,
        DateTimeOffset since,
        PerbOptions options,
        DateTimeOffset now)
    {
        var (node, zone) = (options.Proxmox.Node, options.TimeZone);
        var late = guests.Where(guest => guest.IsMet is false).ToList();
        var all = SafetySummary.Of(guests);
        var text = new StringBuilder($"From {LocalTime.InWords(since, zone)} to {LocalTime.InWords(now, zone)}.\n\n");
        text.Append(CultureInfo.InvariantCulture, $"Guests: {all.Judged - all.Late} of {all.Judged} inside their RPO");
        foreach (var group in guests.Where(guest => guest.IsMet is null).GroupBy(guest => guest.Verdict).OrderBy(group => group.Key))
        {
            text.Append(CultureInfo.InvariantCulture, $", {group.Count()} {group.Key.Word().Replace('-', ' ')}");
        }

        text.Append(".\n");
        AppendNames(text, "Outside", late);
        AppendNames(text, "In no vzdump job", [.. guests.Where(guest => guest is { IsCovered: false, IsMet: not null })]);
        text.Append('\n');
        foreach (var remote in options.Remotes)
        {
            var done = week.FirstOrDefault(one => one.Remote == remote.Name) ?? new RemoteWeek(remote.Name, 0, 0, 0, 0);
            text.Append(
                CultureInfo.InvariantCulture,
                $"{remote.Name}: {done.Published} backup(s) published, {ByteSize.Format(done.SealedBytes)}; {done.Copies} verified copies there; {done.Waiting} wait.\n");
        }

        text.Append(alarms.Count > 0 ? "\nGoing on:\n" : all.IsAllMet ? "\nNothing is wrong.\n" : "\nNo alarm goes on.\n");
        foreach (var alarm in alarms.OrderBy(alarm => alarm.Since).Take(MostNamed))
        {
            text.Append(CultureInfo.InvariantCulture, $"* {alarm.Headline} (since {LocalTime.InWords(alarm.Since, zone)}) [{alarm.Code}]\n");
        }

        var unknown = all.Unknown > 0 ? $", {all.Unknown} unknown" : "";
        var title = all.IsAllMet && alarms.Count == 0
            ? $"Perb on {node}: the week: all {all.Judged} guests safe"
            : $"Perb on {node}: the week: {all.Late} of {all.Judged} guests late{unknown}, {alarms.Count} alarm(s)";
        return new Notification(NotificationKind.Digest, now, node, title, text.ToString(), [], [], [.. alarms.Take(Notification.MostListed).Select(NotifiedAlarm.Of)])
        {
            OngoingCount = alarms.Count,
        };
    }

    private static void AppendNames(StringBuilder text, string heading, IReadOnlyList<GuestSafety> guests)
    {
        if (guests.Count > 0)
        {
            var rest = guests.Count > MostNamed ? $" and {guests.Count - MostNamed} more" : "";
            text.Append(
                CultureInfo.InvariantCulture,
                $"{heading}: {string.Join(", ", guests.Take(MostNamed).Select(guest => Concern.Named(guest.Guest, guest.Name)))}{rest}.\n");
        }
    }
}
