using Perb.Scheduler.Notifying;
using Perb.Tests.Discovery;

namespace Perb.Tests.Notifying;

public sealed class NotificationTextTests
{
    [Fact]
    public void It_says_what_happened_what_Perb_does_and_what_the_person_should_do()
    {
        var message = Say(raised: ["remote gdrive"], ongoing: ["storage usb"]);

        Assert.Equal((NotificationKind.Alarm, "Perb on pve1: trouble with remote gdrive"), (message.Kind, message.Title));
        Assert.Equal(
            $"""
            Happened:

            * remote gdrive is refused
              Since 2026-11-20 12:00:00. [PERB-REMOTE-01]
              Perb: {AlarmCode.Remote.PerbDoes}
              You: {AlarmCode.Remote.WhatToDo}

            Known before, and still going on:

            * trouble with storage usb (since 2026-11-20 12:00:00) [PERB-REMOTE-01]

            Perb on pve1, 2026-11-20 12:00:00. Now: perb status. Each code has its paragraph in OPERATIONS.

            """,
            message.Text);
    }

    [Theory]
    [InlineData("a b", "", "", false, "Perb on pve1: 2 alarms", NotificationKind.Alarm)]
    [InlineData("a", "b", "", false, "Perb on pve1: 1 alarm, 1 over", NotificationKind.Alarm)]
    [InlineData("", "b", "c", false, "Perb on pve1: over: trouble with b", NotificationKind.Over)]
    [InlineData("", "a b", "", false, "Perb on pve1: 2 alarms over", NotificationKind.Over)]
    [InlineData("", "", "a", true, "Perb on pve1: still: trouble with a", NotificationKind.Reminder)]
    [InlineData("", "", "a b", true, "Perb on pve1: still 2 alarms", NotificationKind.Reminder)]
    public void The_title_tells_what_it_is_about(string raised, string over, string ongoing, bool isReminder, string title, NotificationKind kind)
    {
        var message = Say(Words(raised), Words(over), Words(ongoing), isReminder);

        Assert.Equal((title, kind), (message.Title, message.Kind));
    }

    [Theory]
    [InlineData("+a|+b", "a b", "", NotificationKind.Alarm)]
    [InlineData("+a|-a", "", "a", NotificationKind.Over)]
    [InlineData("+a|-a|+a", "a", "", NotificationKind.Alarm)]
    [InlineData("-a|+b|-b|+c", "c", "a b", NotificationKind.Alarm)]
    [InlineData("-a|+a|-a", "", "a", NotificationKind.Over)]
    [InlineData("!a|!a", "", "", NotificationKind.Reminder)]
    public void What_several_messages_told_is_told_as_one(string messages, string raised, string over, NotificationKind kind)
    {
        var merged = NotificationText.Merged(
            [
                .. messages.Split('|').Select(message => message[0] switch
                {
                    '+' => Say(raised: [message[1..]], ongoing: ["z"]),
                    '-' => Say(over: [message[1..]], ongoing: ["z"]),
                    _ => Say(ongoing: ["z"], isReminder: true),
                }),
            ],
            TimeZoneInfo.Utc)!;

        Assert.Equal((raised, over, "z", kind), (Subjects(merged.Raised), Subjects(merged.Over), Subjects(merged.Ongoing), merged.Kind));
        Assert.Contains("This one stands for all of them.", merged.Text, StringComparison.Ordinal);

        static string Subjects(IReadOnlyList<NotifiedAlarm> alarms) => string.Join(' ', alarms.Select(alarm => alarm.Subject));
    }

    [Fact]
    public void What_was_too_much_to_be_listed_is_not_told_as_one() =>
        Assert.Null(NotificationText.Merged([Say([.. Enumerable.Range(0, 200).Select(number => $"{number}")]), Say(["a"])], TimeZoneInfo.Utc));

    [Fact]
    public void Thousands_of_alarms_are_a_message_that_can_be_read()
    {
        var many = Enumerable.Range(0, 3000).Select(number => $"guest {number}").ToArray();

        var message = Say(many, many, many);

        Assert.Contains("and 2975 more: perb status", message.Text, StringComparison.Ordinal);
        Assert.True(message.Text.Length < 30_000);
        Assert.Equal((3000, 3000, 3000), (message.RaisedCount, message.OverCount, message.OngoingCount));
        Assert.InRange(message.ToJson().Length, 50_000, 500_000); // proxies refuse a MiB
    }

    private static string[] Words(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static Notification Say(string[]? raised = null, string[]? over = null, string[]? ongoing = null, bool isReminder = false) => NotificationText.Of(
        new Announcement(Alarms(raised), Alarms(over), Alarms(ongoing), isReminder), new Dictionary<string, Ending>(), "pve1", TimeZoneInfo.Utc, Archives.Now);

    private static IReadOnlyList<Alarm> Alarms(string[]? subjects) =>
    [
        .. (subjects ?? []).Select(subject => Alarm.Of(
            new Concern(subject, AlarmCode.Remote, subject, null, $"trouble with {subject}", $"{subject} is refused", null, true), Archives.Now)),
    ];
}
