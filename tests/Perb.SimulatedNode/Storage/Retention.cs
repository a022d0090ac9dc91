using System.Globalization;

namespace Perb.Simulation.Storage;

/// <summary>A <c>prune-backups</c> rule, such as <c>keep-last=3,keep-daily=7</c>.</summary>
internal sealed record Retention(IReadOnlyDictionary<string, int> Keep)
{
    private static readonly string[] Names =
        ["keep-last", "keep-hourly", "keep-daily", "keep-weekly", "keep-monthly", "keep-yearly"];

    public static readonly Retention KeepAll = new(new Dictionary<string, int>());

    /// <summary>All zero or empty means keep-all.</summary>
    public bool KeepsAll => Keep.Values.All(count => count == 0);

    public int Sum => Keep.Values.Sum();

    public static string? Fault(string text)
    {
        var keys = text.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(pair => pair.Split('=', 2)).ToList();
        return keys.All(pair => pair.Length == 2 && (Names.Contains(pair[0]) || pair[0] == "keep-all")
                && uint.TryParse(pair[1], CultureInfo.InvariantCulture, out _))
            ? null
            : $"invalid format - format error\n{text}: property is not defined in schema";
    }

    public static Retention Parse(string text)
    {
        var keep = text.Split(',', StringSplitOptions.RemoveEmptyEntries)
            .Select(pair => pair.Split('=', 2))
            .Where(pair => pair[0] != "keep-all")
            .ToDictionary(pair => pair[0], pair => int.Parse(pair[1], CultureInfo.InvariantCulture));
        return new Retention(keep);
    }

    /// <summary>As the task log spells it.</summary>
    public override string ToString() =>
        KeepsAll ? "keep-all=1" : string.Join(", ", Keep.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key}={pair.Value}"));

    /// <summary>
    /// Marks one group (same type and VMID), newest first. Rule after rule: a rule uses a new period up to N times; periods
    /// that an earlier rule's keep already covers are skipped, and later entries of a period that this rule has used are
    /// removed for good (facts: PVE 6).
    /// </summary>
    public void Mark(IEnumerable<PruneEntry> group, TimeZoneInfo zone)
    {
        var entries = group.OrderByDescending(entry => entry.TimeSeconds).ToList();
        if (KeepsAll)
        {
            entries.ForEach(entry => entry.Mark ??= "keep");
            return;
        }

        foreach (var rule in Names.Where(rule => Keep.GetValueOrDefault(rule) > 0))
        {
            Apply(rule, Keep[rule], entries, zone);
        }

        entries.ForEach(entry => entry.Mark ??= "remove");
    }

    private static void Apply(string rule, int limit, List<PruneEntry> entries, TimeZoneInfo zone)
    {
        var covered = entries.Where(entry => entry.Mark == "keep").Select(entry => PeriodOf(rule, entry, zone)).ToHashSet();
        var used = new HashSet<string>();
        foreach (var entry in entries.Where(entry => entry.Mark is null))
        {
            var period = PeriodOf(rule, entry, zone);
            if (covered.Contains(period))
            {
                continue;
            }

            if (used.Contains(period))
            {
                entry.Mark = "remove";
                continue;
            }

            if (used.Count >= limit)
            {
                return;
            }

            used.Add(period);
            entry.Mark = "keep";
        }
    }

    /// <summary>Periods are those of the node's local time; weeks are ISO 8601.</summary>
    private static string PeriodOf(string rule, PruneEntry entry, TimeZoneInfo zone)
    {
        var local = TimeZoneInfo.ConvertTime(DateTimeOffset.FromUnixTimeSeconds(entry.TimeSeconds), zone).DateTime;
        return rule switch
        {
            "keep-last" => entry.TimeSeconds.ToString(CultureInfo.InvariantCulture),
            "keep-hourly" => local.ToString("yyyy/MM/dd/HH", CultureInfo.InvariantCulture),
            "keep-daily" => local.ToString("yyyy/MM/dd", CultureInfo.InvariantCulture),
            "keep-weekly" => $"{ISOWeek.GetYear(local)}/{ISOWeek.GetWeekOfYear(local)}",
            "keep-monthly" => local.ToString("yyyy/MM", CultureInfo.InvariantCulture),
            _ => local.ToString("yyyy", CultureInfo.InvariantCulture),
        };
    }
}
