using System.Text.Json;
using CsCheck;
using Perb.Scheduler.Backups;
using Perb.Scheduler.Retention;
using Perb.TestKit;

namespace Perb.Tests.Retention;

/// <summary>The rules against what PVE's own code decided, run from source (tests/Perb.TestKit/Samples/prune-vectors.json).</summary>
public sealed class KeepRulesTests
{
    public static TheoryData<string> Vectors => [.. All().Keys];

    [Theory]
    [MemberData(nameof(Vectors))]
    public void The_rules_keep_what_Proxmox_keeps(string name)
    {
        var vector = All()[name];
        var zone = TimeZoneInfo.FindSystemTimeZoneById(vector.GetProperty("tz").GetString()!);
        var rules = RulesOf(vector.GetProperty("keep"));
        var expected = vector.GetProperty("expected").EnumerateObject().ToDictionary(entry => entry.Name, entry => entry.Value.GetString());

        // Perb has neither protected copies nor other names on a remote; PVE judges each type of guest by itself.
        var groups = vector.GetProperty("backups").EnumerateArray()
            .Where(backup => expected[Id(backup)] is "keep" or "remove")
            .GroupBy(backup => backup.TryGetProperty("group", out var group) ? group.GetString() : "all");
        foreach (var group in groups)
        {
            var backups = group.OrderBy(Id, StringComparer.OrdinalIgnoreCase).ToList(); // the order of a listing
            var reasons = rules.Judge([.. backups.Select(TimeOf)], zone);

            Assert.Equal(backups.Select(backup => $"{Id(backup)} {expected[Id(backup)]}"), backups.Select((backup, index) =>
                $"{Id(backup)} {(reasons[index] is null ? "remove" : "keep")}"));
        }
    }

    [Fact]
    public void The_newest_is_kept_by_every_rule_that_is_set() => (
        from rules in Gen.Int[0, 3].Array[6]
        from ages in Gen.Int[0, 200_000].Array[1, 40]
        select (rules, ages)).Sample(sample =>
        {
            var rules = new KeepRules(sample.rules[0], sample.rules[1], sample.rules[2], sample.rules[3], sample.rules[4], sample.rules[5]);
            var times = sample.ages.Select(minutes => DateTimeOffset.UnixEpoch.AddYears(55).AddMinutes(minutes)).ToList();

            var reasons = rules.Judge(times, TimeZoneInfo.Utc);

            Assert.NotNull(reasons[times.IndexOf(times.Max())]);
            Assert.True(rules.IsEmpty || reasons.Count(reason => reason is not null) <= sample.rules.Sum());
        });

    [Fact]
    public void Without_any_rule_everything_stays() => Assert.DoesNotContain(
        null, new KeepRules(0, 0, 0, 0, 0, 0).Judge([DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch], TimeZoneInfo.Utc));

    private static Dictionary<string, JsonElement> All()
    {
        var text = File.ReadAllText(Repository.PathOf("tests", "Perb.TestKit", "Samples", "prune-vectors.json"));
        return JsonDocument.Parse(text).RootElement.EnumerateArray().ToDictionary(vector => vector.GetProperty("name").GetString()!, vector => vector.Clone());
    }

    private static string Id(JsonElement backup) => backup.GetProperty("volid").GetString()!;

    private static DateTimeOffset TimeOf(JsonElement backup) => DateTimeOffset.FromUnixTimeSeconds(backup.GetProperty("ctime").GetInt64());

    private static KeepRules RulesOf(JsonElement keep)
    {
        return new KeepRules(Count("last"), Count("hourly"), Count("daily"), Count("weekly"), Count("monthly"), Count("yearly"));

        int Count(string rule) => keep.TryGetProperty($"keep-{rule}", out var count) ? count.GetInt32() : 0;
    }
}
