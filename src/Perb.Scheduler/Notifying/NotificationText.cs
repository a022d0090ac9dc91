using System.Globalization;
using System.Text;
using Perb.Scheduler.Observability;

namespace Perb.Scheduler.Notifying;

/// <summary>Announcements in words: what happened, to which guest, what Perb does by itself, what the person should do. Pure.</summary>
public static class NotificationText
{
    private const int MostTold = 25;
    private const int MostNamed = 50;

    /// <param name="announcement">What is told.</param>
    /// <param name="endings">How what is over ended, by the keys of alarms; what has none is well.</param>
    /// <param name="node">Its name.</param>
    /// <param name="zone">Of the times.</param>
    /// <param name="now">When it is told.</param>
    public static Notification Of(
        Announcement announcement, IReadOnlyDictionary<string, Ending> endings, string node, TimeZoneInfo zone, DateTimeOffset now)
    {
        var (raised, over, ongoing) = (Told(announcement.Raised), Ended(announcement.Over, endings), Told(announcement.Ongoing));
        var kind = announcement.IsReminder ? NotificationKind.Reminder : raised.Count > 0 ? NotificationKind.Alarm : NotificationKind.Over;
        return Of(kind, raised, over, ongoing, "", node, zone, now);
    }

    /// <summary>
    /// Messages that nobody took as one: what began and goes on, what is over, and what went on when the last was made. Null where their lists do
    /// not hold all that they told.
    /// </summary>
    /// <param name="inOrder">None of them a digest or a test.</param>
    /// <param name="zone">Of the times.</param>
    public static Notification? Merged(IReadOnlyList<Notification> inOrder, TimeZoneInfo zone)
    {
        var (began, over) = (new Dictionary<string, NotifiedAlarm>(), new Dictionary<string, NotifiedAlarm>());
        foreach (var message in inOrder)
        {
            if (message.RaisedCount + message.OverCount + message.OngoingCount > message.Raised.Count + message.Over.Count + message.Ongoing.Count)
            {
                return null;
            }

            foreach (var alarm in message.Over)
            {
                began.Remove(alarm.Subject);
                over[alarm.Subject] = alarm;
            }

            foreach (var alarm in message.Raised)
            {
                over.Remove(alarm.Subject);
                began[alarm.Subject] = alarm;
            }
        }

        var latest = inOrder[^1];
        List<NotifiedAlarm> ongoing = [.. latest.Ongoing.Where(alarm => !began.ContainsKey(alarm.Subject))];
        var kind = began.Count > 0 ? NotificationKind.Alarm : over.Count > 0 ? NotificationKind.Over : NotificationKind.Reminder;
        return Of(
            kind, [.. began.Values], [.. over.Values], ongoing, "Messages could not be delivered for a while. This one stands for all of them.\n\n", latest.Node, zone, latest.At);
    }

    /// <summary>To see whether it arrives.</summary>
    public static Notification Test(string node, DateTimeOffset now) => new(
        NotificationKind.Test,
        now,
        node,
        $"Perb on {node}: test",
        $"This is what perb notify --test sends. Nothing is wrong.\nPerb on {node}.\n",
        [],
        [],
        []);

    private static Notification Of(
        NotificationKind kind,
        List<NotifiedAlarm> raised,
        List<NotifiedAlarm> over,
        List<NotifiedAlarm> ongoing,
        string foreword,
        string node,
        TimeZoneInfo zone,
        DateTimeOffset now)
    {
        var text = new StringBuilder(foreword);
        AppendRaised(text, "Happened:", raised, zone);
        AppendOver(text, over, zone);
        if (kind == NotificationKind.Reminder)
        {
            AppendRaised(text, "Still going on:", ongoing, zone);
        }
        else
        {
            AppendOngoing(text, ongoing, zone);
        }

        text.Append(CultureInfo.InvariantCulture, $"Perb on {node}, {LocalTime.InWords(now, zone)}. Now: perb status. Each code has its paragraph in OPERATIONS.\n");
        return new Notification(kind, now, node, TitleOf(kind, node, raised, over, ongoing), text.ToString(), Listed(raised), Listed(over), Listed(ongoing))
        {
            RaisedCount = raised.Count,
            OverCount = over.Count,
            OngoingCount = ongoing.Count,
        };
    }

    private static string TitleOf(
        NotificationKind kind, string node, List<NotifiedAlarm> raised, List<NotifiedAlarm> over, List<NotifiedAlarm> ongoing) => kind switch
        {
            NotificationKind.Alarm when raised.Count == 1 && over.Count == 0 => $"Perb on {node}: {raised[0].Headline}",
            NotificationKind.Alarm => $"Perb on {node}: {Counted(raised.Count, "alarm")}{(over.Count > 0 ? $", {over.Count} over" : "")}",
            NotificationKind.Over when over.Count == 1 => $"Perb on {node}: over: {over[0].Headline}",
            NotificationKind.Over => $"Perb on {node}: {Counted(over.Count, "alarm")} over",
            _ when ongoing.Count == 1 => $"Perb on {node}: still: {ongoing[0].Headline}",
            _ => $"Perb on {node}: still {Counted(ongoing.Count, "alarm")}",
        };

    private static void AppendRaised(StringBuilder text, string heading, List<NotifiedAlarm> alarms, TimeZoneInfo zone)
    {
        if (alarms.Count == 0)
        {
            return;
        }

        text.Append(heading).Append("\n\n");
        foreach (var alarm in alarms.Take(MostTold))
        {
            text.Append(CultureInfo.InvariantCulture, $"* {alarm.Text}\n  Since {LocalTime.InWords(alarm.Since, zone)}. [{alarm.Code}]\n")
                .Append(CultureInfo.InvariantCulture, $"  Perb: {alarm.PerbDoes}\n  You: {alarm.WhatToDo}\n\n");
        }

        AppendRest(text, alarms.Count - MostTold);
    }

    private static void AppendOver(StringBuilder text, List<NotifiedAlarm> alarms, TimeZoneInfo zone)
    {
        if (alarms.Count > 0)
        {
            text.Append("Over:\n\n");
            AppendLines(text, alarms, alarm => $"* {alarm.Headline} (since {LocalTime.InWords(alarm.Since, zone)}) [{alarm.Code}]\n");
        }
    }

    private static void AppendOngoing(StringBuilder text, List<NotifiedAlarm> alarms, TimeZoneInfo zone)
    {
        if (alarms.Count > 0)
        {
            text.Append("Known before, and still going on:\n\n");
            AppendLines(text, alarms, alarm => $"* {alarm.Headline} (since {LocalTime.InWords(alarm.Since, zone)}) [{alarm.Code}]\n");
        }
    }

    private static void AppendLines(StringBuilder text, List<NotifiedAlarm> alarms, Func<NotifiedAlarm, string> line)
    {
        text.AppendJoin("", alarms.Take(MostNamed).Select(line)).Append('\n');
        AppendRest(text, alarms.Count - MostNamed);
    }

    private static void AppendRest(StringBuilder text, int left)
    {
        if (left > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"and {left} more: perb status\n\n");
        }
    }

    private static List<NotifiedAlarm> Told(IReadOnlyList<Alarm> alarms) => [.. alarms.OrderBy(alarm => alarm.Since).Select(NotifiedAlarm.Of)];

    private static List<NotifiedAlarm> Listed(List<NotifiedAlarm> alarms) => [.. alarms.Take(Notification.MostListed)];

    private static List<NotifiedAlarm> Ended(IReadOnlyList<Alarm> alarms, IReadOnlyDictionary<string, Ending> endings) =>
    [
        .. alarms.OrderBy(alarm => alarm.Since).Select(alarm =>
        {
            var ending = endings.GetValueOrDefault(alarm.Key) ?? new Ending(alarm.Headline, true);
            return NotifiedAlarm.Of(alarm) with { Headline = ending.Headline, IsMended = ending.IsMended };
        }),
    ];

    private static string Counted(int count, string noun) => count == 1 ? $"1 {noun}" : $"{count} {noun}s";
}
