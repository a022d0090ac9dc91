using Perb.Scheduler.Discovery;
using Perb.Scheduler.Store;

namespace Perb.Tests.Discovery;

public sealed class CatchUpPolicyTests
{
    private static readonly KnownGuest Guest = new(100, "qemu", "web", "prod", new HashSet<string> { "gold" });

    [Theory]
    [InlineData(0, false, null)]
    [InlineData(6, false, null)]
    [InlineData(8, false, "older than Discovery:IgnoreOlderThan (7.00:00:00)")]
    [InlineData(8, true, null)]
    [InlineData(4000, true, null)]
    public void Old_archives_are_left_except_each_guests_newest(int daysOld, bool isNewest, string? expected) =>
        Assert.Equal(expected, Policy().SkipReason(Archives.Found(daysOld: daysOld), isNewest, Guest, Archives.Now));

    [Theory]
    [InlineData("100", true)]
    [InlineData("101-200", false)]
    [InlineData("qemu", true)]
    [InlineData("@prod", true)]
    [InlineData("#gold", true)]
    [InlineData("#silver", false)]
    public void An_exclusion_wins_over_everything(string rule, bool excluded)
    {
        var policy = new CatchUpPolicy(Archives.Excluding(rule) with { Include = Archives.Including("100").Include });

        Assert.Equal(
            excluded ? $"excluded by Discovery:Exclude \"{rule}\"" : null,
            policy.SkipReason(Archives.Found(), isNewestOfGuest: true, Guest, Archives.Now));
    }

    [Theory]
    [InlineData("100", null)]
    [InlineData("lxc", "not named by Discovery:Include")]
    [InlineData("@test", "not named by Discovery:Include")]
    [InlineData("@prod", null)]
    public void With_inclusions_only_those_are_shipped(string rule, string? expected) =>
        Assert.Equal(expected, new CatchUpPolicy(Archives.Including(rule)).SkipReason(Archives.Found(), true, Guest, Archives.Now));

    [Fact]
    public void A_guest_that_the_node_does_not_show_has_neither_pool_nor_tag() =>
        Assert.NotNull(new CatchUpPolicy(Archives.Including("@prod", "#gold")).SkipReason(Archives.Found(), true, null, Archives.Now));

    private static CatchUpPolicy Policy() => new(Archives.Defaults);
}
