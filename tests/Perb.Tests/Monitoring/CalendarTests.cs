using Perb.Scheduler.Backups;
using Perb.Scheduler.Monitoring;
using Perb.Scheduler.Safety;
using Perb.Scheduler.Store;
using Perb.Tests.Configuration;

namespace Perb.Tests.Monitoring;

public sealed class CalendarTests
{
    private const int Guest = 100;
    private const int Days = 4;

    // A Saturday at noon; archives are made at two in the morning, the RPO is 30 hours.
    private static readonly DateTimeOffset Now = new(2026, 11, 28, 12, 0, 0, TimeSpan.Zero);

    public static TheoryData<BackupState, int?, DayMark> OneArchive => new()
    {
        { BackupState.Published, 1, DayMark.Shipped }, // hours after the archive was made
        { BackupState.Published, 30, DayMark.Shipped },
        { BackupState.Published, 31, DayMark.Late },
        { BackupState.Pruned, 1, DayMark.Shipped },
        { BackupState.Pruned, 31, DayMark.Late },
        { BackupState.Discovered, null, DayMark.Late },
        { BackupState.Verified, null, DayMark.Late },
        { BackupState.Damaged, 1, DayMark.Damaged },
        { BackupState.Lost, 1, DayMark.Damaged },
        { BackupState.SourceMissing, null, DayMark.Missing },
        { BackupState.Failed, null, DayMark.Missing },
        { BackupState.Failed, 1, DayMark.Damaged }, // it was damaged, and could not be shipped again
        { BackupState.Verified, 1, DayMark.Late }, // nearly
    };

    [Theory]
    [MemberData(nameof(OneArchive))]
    public void A_day_with_an_archive_shows_what_became_of_it(BackupState state, int? publishedAfter, DayMark expected) => Assert.Equal(
        expected, Marks([.. Daily(1), Made(2, state, publishedAfter), .. Daily(0), .. Daily(3)])[1]);

    [Theory]
    [InlineData(0, DayMark.Waiting)]
    [InlineData(2, DayMark.Late)]
    public void What_is_on_its_way_is_late_only_after_the_rpo(int day, DayMark expected) =>
        Assert.Equal(expected, Marks([Made(day, BackupState.Discovered, null)])[Days - 1 - day]);

    [Fact]
    public void A_day_without_an_archive_is_missing_only_if_no_copy_was_young_enough_at_its_end()
    {
        var daily = Marks([.. Daily(3), .. Daily(1), .. Daily(0)]);
        var weekly = Marks([.. Daily(3)], "\"Rpo\": \"8.00:00:00\"");

        Assert.Equal([DayMark.Shipped, DayMark.Missing, DayMark.Shipped, DayMark.Shipped], daily);
        Assert.Equal([DayMark.Shipped, DayMark.Quiet, DayMark.Quiet, DayMark.Quiet], weekly);
    }

    [Theory]
    [InlineData(1, DayMark.Missing)] // yesterday at two is 34 hours ago
    [InlineData(2, DayMark.Missing)]
    public void Today_is_judged_by_now_and_not_by_its_end(int lastDaysAgo, DayMark expected)
    {
        Assert.Equal(expected, Marks([.. Daily(lastDaysAgo)])[^1]);
        Assert.Equal(DayMark.Quiet, Marks([.. Daily(lastDaysAgo)], "\"Rpo\": \"2.12:00:00\"")[^1]);
    }

    [Fact]
    public void The_worst_remote_speaks_for_a_day()
    {
        const string remotes = "\"Remotes\": [ { \"Name\": \"r\" }, { \"Name\": \"s\", \"Path\": \"s:perb\" } ]";
        var marks = Marks([.. Daily(1), .. Daily(0), Made(0, BackupState.Failed, null) with { Remote = "s" }], remotes);

        Assert.Equal([DayMark.Missing, DayMark.Missing, DayMark.Shipped, DayMark.Missing], marks);
    }

    [Fact]
    public void Of_two_archives_of_a_day_the_better_one_speaks_but_damage_is_never_hidden()
    {
        var later = Made(0, BackupState.Failed, null);

        Assert.Equal(DayMark.Shipped, Marks([.. Daily(0), later])[^1]);
        Assert.Equal(DayMark.Damaged, Marks([.. Daily(0), later with { State = BackupState.Lost }])[^1]);
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public void Nobody_misses_a_guest_that_is_retired_or_gone(bool exists, bool isRetired) => Assert.DoesNotContain(
        DayMark.Missing, Calendar.Of(Days, [], TimeZoneInfo.Utc, Now).Of(Judged("", daysKnown: 90, exists, isRetired)));

    [Fact]
    public void A_guest_is_missed_from_one_rpo_after_its_first_sight_on()
    {
        var marks = Calendar.Of(Days, [], TimeZoneInfo.Utc, Now).Of(Judged("", daysKnown: 2));

        Assert.Equal([DayMark.Quiet, DayMark.Quiet, DayMark.Missing, DayMark.Missing], marks);
    }

    [Fact]
    public void Days_are_those_of_the_configured_zone()
    {
        var auckland = TimeZoneInfo.FindSystemTimeZoneById("Pacific/Auckland"); // 13 hours ahead: it is Sunday there
        var calendar = Calendar.Of(Days, Daily(0), auckland, Now);

        Assert.Equal(new DateOnly(2026, 11, 29), calendar.Days[^1]);
        Assert.Equal(DayMark.Shipped, calendar.Of(Judged("", 90))[^2]);
    }

    [Fact]
    public void What_has_to_be_known_reaches_back_by_one_rpo_before_the_first_day() => Assert.Equal(
        new DateTimeOffset(2026, 11, 23, 18, 0, 0, TimeSpan.Zero), Calendar.Since(Days, TimeSpan.FromHours(30), TimeZoneInfo.Utc, Now));

    private static IReadOnlyList<DayMark> Marks(IReadOnlyList<DayBackup> backups, string options = "") =>
        Calendar.Of(Days, backups, TimeZoneInfo.Utc, Now).Of(Judged(options, daysKnown: 90));

    private static IEnumerable<DayBackup> Daily(int daysAgo) => [Made(daysAgo, BackupState.Published, 1)];

    private static DayBackup Made(int daysAgo, BackupState state, int? publishedAfter)
    {
        var at = Now.AddHours(-10).AddDays(-daysAgo);
        return new DayBackup(Guest, "r", state, at, publishedAfter is { } hours ? at.AddHours(hours) : null);
    }

    private static GuestSafety Judged(string options, int? daysKnown, bool exists = true, bool isRetired = false) => GuestSafety.Of(
        new GuestCopies(Guest, "lxc", null, exists, null, new Dictionary<string, CopyProof>())
        {
            FirstSeenAt = daysKnown is { } days ? Now.AddDays(-days) : null,
            IsRetired = isRetired,
        },
        Some.Options(options.Contains("Remotes", StringComparison.Ordinal) ? options : $"\"Remotes\": [ {{ \"Name\": \"r\" }} ]{(options.Length > 0 ? ", " : "")}{options}"),
        Now);
}
