using Perb.Scheduler.Backups;
using Perb.TestKit;

namespace Perb.Tests.Backups;

public sealed class CrashPointTests
{
    [Fact]
    public void The_table_of_the_design_is_the_one_of_the_code()
    {
        string[] rows = ["| Dies at | There is | The next run |", "|---|---|---|", .. CrashPoint.All.Select(point => $"| `{point.Name}` | {point.Left} | {point.Next} |")];

        Assert.Contains(string.Join('\n', rows), File.ReadAllText(Repository.PathOf("docs", "DESIGN.md")), StringComparison.Ordinal);
    }

    [Fact]
    public void No_two_points_share_a_name() => Assert.Equal(CrashPoint.All.Count, CrashPoint.All.Select(point => point.Name).Distinct().Count());
}
