using Perb.Scheduler.Cli;

namespace Perb.Tests.Cli;

public sealed class ShipArgumentsTests
{
    [Theory]
    [InlineData("/mnt/usb/vzdump-qemu-100-2026_11_20-02_00_01.vma.zst", "/mnt/usb/vzdump-qemu-100-2026_11_20-02_00_01.vma.zst")]
    [InlineData("vzdump-qemu-100-2026_11_20-02_00_01.vma.zst", "/here/vzdump-qemu-100-2026_11_20-02_00_01.vma.zst")]
    [InlineData("../there/x", "/there/x")]
    [InlineData("./100", "/here/100")]
    [InlineData("dump/100", "/here/dump/100")]
    [InlineData("100.tar", "/here/100.tar")]
    [InlineData("١٠٠", "/here/١٠٠")]
    [InlineData("web", "/here/web")]
    public void Whatever_is_no_bare_number_is_a_path(string argument, string expected)
    {
        var (wish, faults) = ShipArguments.Read([argument], null, "/here");

        Assert.Empty(faults);
        Assert.Equal([expected], wish.Paths);
        Assert.Empty(wish.Guests);
        Assert.Empty(wish.Remotes);
    }

    [Theory]
    [InlineData("100", 100)]
    [InlineData("00100", 100)]
    [InlineData("999999999", 999999999)]
    public void A_bare_number_is_a_guest(string argument, int expected)
    {
        var (wish, faults) = ShipArguments.Read([argument], "r", "/here");

        Assert.Empty(faults);
        Assert.Equal([expected], wish.Guests);
        Assert.Empty(wish.Paths);
        Assert.Equal(["r"], wish.Remotes);
    }

    [Fact]
    public void All_that_cannot_be_meant_is_told_at_once()
    {
        var faults = ShipArguments.Read(["99", "", "100", "1000000000", "99999999999999999999"], null, "/here").Faults;

        Assert.Equal(4, faults.Count);
        Assert.Contains("./99", faults[0], StringComparison.Ordinal);
        Assert.Contains("neither a path nor a guest", faults[1], StringComparison.Ordinal);
        Assert.All(faults, fault => Assert.DoesNotContain('\n', fault));
    }
}
