using System.Globalization;

namespace Perb.Scheduler.Retention;

/// <summary>How many copies to keep, in the words of PVE's <c>prune-backups</c>; 0: the rule says nothing.</summary>
public sealed record KeepRules(int Last, int Hourly, int Daily, int Weekly, int Monthly, int Yearly)
{
    /// <summary>Nothing is said at all: everything is kept, as in PVE.</summary>
    public bool IsEmpty => this == new KeepRules(0, 0, 0, 0, 0, 0);

    /// <summary>
    /// PVE's own algorithm (<c>prune_mark_backup_group</c>), for the copies of one guest: rule by rule, newest first, each rule uses up to N
    /// periods that have a copy. What a rule marks for removal in a period that it used is final for the rules after it.
    /// </summary>
    /// <param name="times">When the archives were made, in any order.</param>
    /// <param name="zone">In which an hour, a day, a week begins: the node's.</param>
    /// <returns>Why each is kept, in the order of <paramref name="times"/>; null: no rule keeps it.</returns>
    public IReadOnlyList<string?> Judge(IReadOnlyList<DateTimeOffset> times, TimeZoneInfo zone)
    {
        var reasons = new string?[times.Count];
        if (IsEmpty)
        {
            Array.Fill(reasons, "no keep rule is set");
            return reasons;
        }

        var newestFirst = Enumerable.Range(0, times.Count).OrderByDescending(index => times[index]).ToList(); // stable, as PVE's
        var isMarked = new bool[times.Count];
        foreach (var (name, count, periodOf) in Rules())
        {
            Mark(name, count, index => periodOf(times[index], zone));
        }

        return reasons;

        void Mark(string name, int count, Func<int, string> periodOf)
        {
            var covered = newestFirst.Where(index => reasons[index] is not null).Select(periodOf).ToHashSet();
            var used = new HashSet<string>();
            foreach (var index in newestFirst.Where(index => !isMarked[index]))
            {
                var period = periodOf(index);
                if (covered.Contains(period))
                {
                    continue;
                }

                if (used.Contains(period))
                {
                    isMarked[index] = true;
                }
                else if (used.Count >= count)
                {
                    return;
                }
                else
                {
                    used.Add(period);
                    isMarked[index] = true;
                    reasons[index] = $"{name} {used.Count} of {count}";
                }
            }
        }
    }

    private IEnumerable<(string Name, int Count, Func<DateTimeOffset, TimeZoneInfo, string> PeriodOf)> Rules() => new (string, int, Func<DateTimeOffset, TimeZoneInfo, string>)[]
    {
        ("keep-last", Last, (time, _) => time.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)),
        ("keep-hourly", Hourly, (time, zone) => Local(time, zone, "yyyy-MM-dd HH")), // both hours of an autumn fold are one
        ("keep-daily", Daily, (time, zone) => Local(time, zone, "yyyy-MM-dd")),
        ("keep-weekly", Weekly, Week),
        ("keep-monthly", Monthly, (time, zone) => Local(time, zone, "yyyy-MM")),
        ("keep-yearly", Yearly, (time, zone) => Local(time, zone, "yyyy")),
    }.Where(rule => rule.Item2 > 0);

    private static string Local(DateTimeOffset time, TimeZoneInfo zone, string format) =>
        TimeZoneInfo.ConvertTime(time, zone).ToString(format, CultureInfo.InvariantCulture);

    private static string Week(DateTimeOffset time, TimeZoneInfo zone)
    {
        var local = TimeZoneInfo.ConvertTime(time, zone).DateTime;
        return string.Create(CultureInfo.InvariantCulture, $"{ISOWeek.GetYear(local)}-W{ISOWeek.GetWeekOfYear(local)}");
    }
}
