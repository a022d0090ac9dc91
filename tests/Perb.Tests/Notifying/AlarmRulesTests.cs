using Microsoft.Extensions.Time.Testing;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Notifying;
using Perb.Tests.Discovery;

namespace Perb.Tests.Notifying;

/// <summary>The rules, look after look, on a clock that the test moves.</summary>
public sealed class AlarmRulesTests
{
    private static readonly AlarmSection Rules = new(
        Gather: TimeSpan.FromSeconds(30),
        Spacing: TimeSpan.FromMinutes(15),
        Quiet: TimeSpan.FromMinutes(10),
        Patience: TimeSpan.FromHours(1),
        Remind: TimeSpan.FromDays(1),
        Digest: "0 0 8 ? * MON");

    private readonly FakeTimeProvider _time = new(Archives.Now);
    private readonly Dictionary<string, Concern> _wrong = [];
    private IReadOnlyList<Alarm> _alarms = [];
    private DateTimeOffset? _announcedAt;

    [Fact]
    public void What_begins_is_told_once_and_reminded_of_daily_and_once_told_to_be_over()
    {
        Begin("a");
        Assert.Equal(["+00:00:30 raised a", "+1.00:00:30 reminder a", "+2.00:00:30 reminder a"], Watch(TimeSpan.FromHours(60)));

        End("a");
        Assert.Equal(["+2.12:10:00 over a"], Watch(TimeSpan.FromHours(48)));
        Assert.Empty(_alarms);
    }

    [Fact]
    public void What_begins_close_together_is_told_together()
    {
        Begin("a");
        Assert.Empty(Watch(TimeSpan.FromSeconds(20)));
        Begin("b");

        Assert.Equal(["+00:00:50 raised a b"], Watch(TimeSpan.FromMinutes(5)));
    }

    [Fact]
    public void What_begins_soon_after_a_message_waits_for_the_next_with_all_that_follows_it()
    {
        Begin("a");
        Watch(TimeSpan.FromMinutes(1));
        Begin("b");
        Watch(TimeSpan.FromMinutes(5));
        Begin("c");

        Assert.Equal(["+00:15:30 raised b c ongoing a"], Watch(TimeSpan.FromMinutes(60)));
    }

    [Fact]
    public void What_is_over_for_a_moment_only_goes_on()
    {
        Begin("a");
        Watch(TimeSpan.FromMinutes(1));
        for (var round = 0; round < 5; round++)
        {
            End("a");
            Assert.Empty(Watch(TimeSpan.FromMinutes(9)));
            Begin("a");
            Assert.Empty(Watch(TimeSpan.FromMinutes(9)));
        }
    }

    [Fact]
    public void What_ends_one_after_the_other_is_told_together_when_it_is_calm()
    {
        foreach (var key in (string[])["a", "b", "c"])
        {
            Begin(key);
        }

        Watch(TimeSpan.FromHours(1));
        foreach (var key in (string[])["a", "b", "c"])
        {
            End(key);
            Assert.Empty(Watch(TimeSpan.FromMinutes(8)));
        }

        Assert.Equal(["+01:26:00 over a b c"], Watch(TimeSpan.FromHours(1)));
    }

    [Fact]
    public void The_first_all_clear_does_not_wait_for_ever_for_others()
    {
        var keys = Enumerable.Range(0, 20).Select(number => $"{number:D2}").ToList();
        keys.ForEach(key => Begin(key));
        Watch(TimeSpan.FromHours(1));

        var said = new List<string>();
        foreach (var key in keys)
        {
            End(key);
            said.AddRange(Watch(TimeSpan.FromMinutes(8)));
        }

        said.AddRange(Watch(TimeSpan.FromHours(1)));

        Assert.StartsWith("+02:00:00 over 00 01 02 03 04 05 06 ", said[0], StringComparison.Ordinal);
        Assert.Equal(20, said.Sum(line => line.Split(" ongoing")[0].Split(' ').Length - 2));
    }

    [Fact]
    public void What_may_mend_itself_is_told_only_if_it_lasts()
    {
        Begin("short", isUrgent: false);
        Assert.Empty(Watch(TimeSpan.FromMinutes(59)));
        End("short");
        Assert.Empty(Watch(TimeSpan.FromDays(2)));
        Assert.Empty(_alarms);

        Begin("long", isUrgent: false);
        Assert.Equal(["+2.01:59:30 raised long"], Watch(TimeSpan.FromMinutes(90)));
    }

    [Fact]
    public void What_turns_out_to_need_a_person_is_told_without_patience()
    {
        Begin("a", isUrgent: false);
        Watch(TimeSpan.FromMinutes(10));
        Begin("a", isUrgent: true);

        Assert.Equal(["+00:10:00 raised a"], Watch(TimeSpan.FromMinutes(1)));
    }

    [Fact]
    public void What_becomes_worse_is_told_anew_and_not_as_over()
    {
        Begin("a", AlarmCode.CopyDamaged);
        Watch(TimeSpan.FromHours(1));
        Begin("a", AlarmCode.CopyLost);

        Assert.Equal(["+01:00:30 raised a"], Watch(TimeSpan.FromHours(1)));
    }

    [Fact]
    public void A_service_that_was_away_tells_nothing_twice_and_what_it_missed_once()
    {
        Begin("a");
        Begin("b");
        Watch(TimeSpan.FromHours(1));
        End("b");
        Begin("c");
        _time.Advance(TimeSpan.FromHours(5));

        Assert.Equal(["+06:00:30 raised c ongoing a", "+06:15:30 over b ongoing a c"], Watch(TimeSpan.FromHours(1)));
    }

    [Theory]
    [InlineData("announced", "+00:00:30 raised a")]
    [InlineData("noticed", "+00:00:30 raised a")]
    [InlineData("since", "+01:00:30 raised a")]
    [InlineData("told", "+1.00:00:00 reminder a")]
    [InlineData("reminded", "+1.00:00:00 reminder a")]
    [InlineData("gone", "+00:10:00 over a")]
    public void A_clock_that_was_set_back_silences_nothing(string what, string expected)
    {
        var (now, ahead) = (Archives.Now, Archives.Now.AddYears(1));
        Begin("a", isUrgent: what != "since");
        var alarm = Alarm.Of(_wrong["a"], now);
        _wrong["a"] = what == "since" ? _wrong["a"] with { Since = ahead } : _wrong["a"];
        _announcedAt = what == "announced" ? ahead : null;
        _alarms = what switch
        {
            "announced" => [],
            "since" => [alarm with { Since = ahead, NoticedAt = ahead }],
            "noticed" => [alarm with { NoticedAt = ahead }],
            "told" => [alarm with { ToldAt = ahead }],
            "reminded" => [alarm with { ToldAt = now, RemindedAt = ahead }],
            _ => [alarm with { ToldAt = now, GoneAt = ahead }],
        };
        if (what == "gone")
        {
            End("a");
        }

        Assert.Equal([expected], Watch(TimeSpan.FromHours(25)).Take(1));
    }

    [Fact]
    public void Thousands_of_alarms_are_one_message()
    {
        for (var number = 0; number < 3000; number++)
        {
            Begin($"guest {number}");
        }

        Assert.StartsWith("+00:00:30 raised guest 0 ", Assert.Single(Watch(TimeSpan.FromHours(2))), StringComparison.Ordinal);
    }

    private void Begin(string key, bool isUrgent = true) => Begin(key, AlarmCode.Remote, isUrgent);

    private void Begin(string key, AlarmCode code, bool isUrgent = true) =>
        _wrong[key] = new Concern(key, code, key, null, key, key, isUrgent ? null : _wrong.GetValueOrDefault(key)?.Since ?? _time.GetUtcNow(), isUrgent);

    private void End(string key) => _wrong.Remove(key);

    /// <summary>A look every half minute; what was said, and when since the beginning.</summary>
    private List<string> Watch(TimeSpan duration)
    {
        var until = _time.GetUtcNow() + duration;
        var said = new List<string>();
        while (_time.GetUtcNow() < until)
        {
            var step = AlarmRules.Next(_alarms, [.. _wrong.Values], _announcedAt, Rules, _time.GetUtcNow());
            _alarms = step.Alarms;
            if (step.Announcement is { } announcement)
            {
                _announcedAt = announcement.IsReminder ? _announcedAt : _time.GetUtcNow();
                said.Add($"+{_time.GetUtcNow() - Archives.Now:c}{InWords(announcement)}");
            }

            _time.Advance(TimeSpan.FromSeconds(30) < until - _time.GetUtcNow() ? TimeSpan.FromSeconds(30) : until - _time.GetUtcNow());
        }

        return said;
    }

    private static string InWords(Announcement announcement) => announcement.IsReminder
        ? $" reminder {Keys(announcement.Ongoing)}"
        : string.Concat(
            announcement.Raised.Count > 0 ? $" raised {Keys(announcement.Raised)}" : "",
            announcement.Over.Count > 0 ? $" over {Keys(announcement.Over)}" : "",
            announcement.Ongoing.Count > 0 ? $" ongoing {Keys(announcement.Ongoing)}" : "");

    private static string Keys(IReadOnlyList<Alarm> alarms) => string.Join(' ', alarms.Select(alarm => alarm.Key).Order(StringComparer.Ordinal));
}
