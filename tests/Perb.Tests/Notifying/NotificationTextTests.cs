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
