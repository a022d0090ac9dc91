using CsCheck;
using Perb.Scheduler.Backups;

namespace Perb.Tests.Backups;

public sealed class NodeClockTests
{
    private static readonly string[] Zones =
        ["UTC", "Europe/Vienna", "America/New_York", "Australia/Lord_Howe", "Europe/Dublin", "Africa/Casablanca", "Asia/Kolkata", "America/Sao_Paulo"];

    [Theory]
    [InlineData("Europe/Vienna", "2024-10-27T02:30:00", "2024-10-27T00:30:00Z")] // the first of two
    [InlineData("America/New_York", "2024-11-03T01:30:00", "2024-11-03T05:30:00Z")]
    [InlineData("Australia/Lord_Howe", "2024-04-07T01:45:00", "2024-04-06T14:45:00Z")] // half an hour
    [InlineData("Europe/Dublin", "2024-10-27T01:30:00", "2024-10-27T00:30:00Z")] // where summer is standard
    public void Of_two_instants_the_first_is_meant(string zone, string local, string expected) => Check(zone, local, expected);

    [Theory]
    [InlineData("Europe/Vienna", "2024-03-31T02:30:00", "2024-03-31T01:30:00Z")]
    [InlineData("America/New_York", "2024-03-10T02:30:00", "2024-03-10T07:30:00Z")]
    [InlineData("Australia/Lord_Howe", "2024-10-06T02:15:00", "2024-10-05T15:45:00Z")]
    public void A_time_in_the_gap_moves_forward_by_the_gap(string zone, string local, string expected) => Check(zone, local, expected);

    [Theory]
    [InlineData("Asia/Kolkata", "0001-01-01T00:00:00", "0001-01-01T00:00:00Z")]
    [InlineData("America/New_York", "9999-12-31T23:59:59", "9999-12-31T23:59:59.9999999Z")]
    public void A_time_at_the_end_of_the_calendar_ends_no_listing(string zone, string local, string expected) => Check(zone, local, expected);

    [Fact]
    public void Every_wall_clock_reading_becomes_the_first_instant_that_showed_it() =>
        Gen.Select(Gen.Long[0, 4_102_444_800], Pick.From(Zones)).Sample((seconds, id) =>
        {
            var zone = TimeZoneInfo.FindSystemTimeZoneById(id);
            var instant = DateTimeOffset.FromUnixTimeSeconds(seconds);
            var local = TimeZoneInfo.ConvertTime(instant, zone).DateTime;

            var found = NodeClock.ToInstant(local, zone);

            return found <= instant
                && (found == instant || zone.IsAmbiguousTime(local))
                && TimeZoneInfo.ConvertTime(found, zone).DateTime == local;
        });

    private static void Check(string zone, string local, string expected) => Assert.Equal(
        DateTimeOffset.Parse(expected), NodeClock.ToInstant(DateTime.Parse(local), TimeZoneInfo.FindSystemTimeZoneById(zone)));
}
