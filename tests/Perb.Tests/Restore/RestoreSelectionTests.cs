using Perb.Scheduler.Remotes;
using Perb.Scheduler.Restore;

namespace Perb.Tests.Restore;

public sealed class RestoreSelectionTests
{
    private const string X = "100-2026_11_20-02_00_01";

    [Theory]
    [InlineData(X)]
    [InlineData(X + ".enc")]
    [InlineData(X + ".sums")]
    [InlineData(X + ".vma.enc")]
    [InlineData(X + ".002-of-003.enc")]
    [InlineData("vzdump-qemu-" + X + ".vma.zst")]
    [InlineData("/var/lib/vz/dump/vzdump-lxc-" + X + ".tar.gz")]
    public void A_backup_is_meant_by_its_name_or_that_of_any_of_its_files(string named)
    {
        var (selection, fault) = RestoreSelection.Read(named, null);

        Assert.Null(fault);
        Assert.True(selection!.Fits(SetOf(100, "2026-11-20 02:00:01")));
        Assert.False(selection.Fits(SetOf(100, "2026-11-20 02:00:02")));
        Assert.Equal(X + ".", selection.NamePrefix);
    }

    [Theory]
    [InlineData(null, "2026-11-20 02:00:01", true)]
    [InlineData("2026-11-20", "2026-11-20 23:59:59", true)]
    [InlineData("2026-11-20", "2026-11-21 00:00:00", false)]
    [InlineData("2026-11-20 02:00", "2026-11-20 02:00:59", true)]
    [InlineData("2026-11-20T02:00", "2026-11-20 02:01:00", false)]
    [InlineData("2026-11-20 02:00:01", "2026-11-20 02:00:01", true)]
    [InlineData("2026-11-20T02:00:00", "2026-11-20 02:00:01", false)]
    [InlineData("2026_11_20-02_00_01", "2026-11-20 02:00:01", true)]
    public void A_guest_means_its_backups_up_to_a_time_and_with_it(string? at, string time, bool fits)
    {
        var (selection, fault) = RestoreSelection.Read("100", at);

        Assert.Null(fault);
        Assert.Equal(fits, selection!.Fits(SetOf(100, time)));
        Assert.False(selection.Fits(SetOf(1000, time)));
        Assert.Equal("100-", selection.NamePrefix);
    }

    [Theory]
    [InlineData("", null, "neither")]
    [InlineData("web", null, "neither")]
    [InlineData("99", null, "100 to 999999999")]
    [InlineData("1000000000", null, "100 to 999999999")]
    [InlineData("100-2026_13_20-02_00_01", null, "neither")]
    [InlineData("100", "yesterday", "--at yesterday")]
    [InlineData("100", "2026-11-20T02:00:01Z", "--at")]
    [InlineData("100", "", "--at")]
    [InlineData(X, "2026-11-20", "has its time in its name")]
    public void What_cannot_be_meant_is_said(string named, string? at, string words)
    {
        var (selection, fault) = RestoreSelection.Read(named, at);

        Assert.Null(selection);
        Assert.Contains(words, fault, StringComparison.Ordinal);
    }

    private static RemoteSet SetOf(int guest, string time)
    {
        var at = DateTime.Parse(time);
        return new RemoteSet($"{guest}-{at:yyyy_MM_dd-HH_mm_ss}", guest, at, new Dictionary<string, long>());
    }
}
