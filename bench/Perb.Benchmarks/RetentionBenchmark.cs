using System.Globalization;
using Perb.Scheduler.Retention;

namespace Perb.Benchmarks;

/// <summary>What the plan of a prune costs after years: rules, brakes and reasons, without listing and store.</summary>
internal static class RetentionBenchmark
{
    private const int Guests = 250;

    public static Report Run(int copies, int rounds)
    {
        var now = TimeProvider.System.GetUtcNow();
        var zone = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");
        var policy = new RetentionPolicy(new KeepRules(3, 24, 7, 4, 6, 2), 2);
        var report = new Report($"retention: the plan for copies of {Guests} guests, made daily; medians of {rounds}");
        foreach (var count in (int[])[copies / 10, copies])
        {
            var stored = Enumerable.Range(0, count).Select(index =>
            {
                var (guest, at) = (10_000 + (index % Guests), now - TimeSpan.FromDays((index / Guests) + 0.1));
                return new StoredCopy(index, guest, string.Create(CultureInfo.InvariantCulture, $"{guest}-{at:yyyy_MM_dd-HH_mm_ss}"), at, true, true);
            }).ToList();
            var (milliseconds, bytes) = (new List<double>(), 0L);
            for (var round = 0; round < rounds; round++)
            {
                var (began, allocated) = (TimeProvider.System.GetTimestamp(), GC.GetTotalAllocatedBytes(precise: true));
                var plan = PrunePlan.For(stored, policy, _ => new GuestFacts(true, false, TimeSpan.FromHours(30)), zone, now);
                milliseconds.Add(TimeProvider.System.GetElapsedTime(began).TotalMilliseconds);
                bytes = GC.GetTotalAllocatedBytes(precise: true) - allocated;
                if (plan.Decisions.Count != count)
                {
                    throw new BenchmarkException($"{plan.Decisions.Count} decisions for {count} copies");
                }
            }

            report.Add($"{count} copies", new Distribution(milliseconds).Median, "ms", count == copies ? 1000 : null);
            report.Add("  allocated", bytes / 1048576.0, "MiB");
        }

        return report;
    }
}
