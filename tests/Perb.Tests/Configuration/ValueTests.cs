using CsCheck;
using Perb.Scheduler.Configuration;

namespace Perb.Tests.Configuration;

public sealed class ValueTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("512", 512)]
    [InlineData("512B", 512)]
    [InlineData("1KiB", 1024)]
    [InlineData("4 GiB", 4L << 30)]
    [InlineData("1.5MiB", 3L << 19)]
    [InlineData("9223372036854775807", long.MaxValue)]
    [InlineData("8388607TiB", 8388607L << 40)]
    public void A_size_is_a_number_and_a_binary_unit(string text, long expected)
    {
        Assert.True(ByteSize.TryParse(text, out var bytes));
        Assert.Equal(expected, bytes);
    }

    [Theory]
    [InlineData("")]
    [InlineData("GiB")]
    [InlineData("4GB")]
    [InlineData("4gib")]
    [InlineData("4G")]
    [InlineData("-1MiB")]
    [InlineData("+1MiB")]
    [InlineData("1e3")]
    [InlineData("0x10")]
    [InlineData("1,000")]
    [InlineData(" 1")]
    [InlineData("٣GiB")]
    [InlineData("1GiB\n")]
    [InlineData("NaN")]
    [InlineData("9223372036854775808")]
    [InlineData("8388608TiB")]
    [InlineData("99999999999999999999999999999999999999")]
    public void What_is_no_size_or_too_large_is_refused(string text) => Assert.False(ByteSize.TryParse(text, out _));

    [Fact]
    public void Every_count_of_bytes_reads_back() =>
        Gen.Long[0, long.MaxValue].Sample(bytes => ByteSize.TryParse(bytes.ToString(), out var read) && read == bytes);

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023, "1023 B")]
    [InlineData(1024, "1.00 KiB")]
    [InlineData(5L << 28, "1.25 GiB")]
    [InlineData(1L << 40, "1.00 TiB")]
    [InlineData(long.MaxValue, "8388608 TiB")]
    public void A_size_is_shown_with_three_digits(long bytes, string expected) => Assert.Equal(expected, ByteSize.Format(bytes));

    [Theory]
    [InlineData("20GiB", 1L << 40, 20L << 30)]
    [InlineData("10%", 1000, 100)]
    [InlineData("0%", 1000, 0)]
    [InlineData("0.5%", 1000, 5)]
    [InlineData("99.9%", 1000, 999)]
    public void A_floor_of_free_space_is_a_size_or_a_share(string text, long total, long expected)
    {
        Assert.True(FreeSpaceFloor.TryParse(text, out var floor));
        Assert.Equal(expected, floor.Of(total));
    }

    [Theory]
    [InlineData("%")]
    [InlineData("100%")]
    [InlineData("-1%")]
    [InlineData("NaN%")]
    [InlineData("Infinity%")]
    [InlineData("1e1%")]
    [InlineData("١٠%")]
    [InlineData("ten")]
    public void What_is_no_floor_is_refused(string text) => Assert.False(FreeSpaceFloor.TryParse(text, out _));

    [Theory]
    [InlineData("22:00-06:00", "23:59", true)]
    [InlineData("22:00-06:00", "00:00", true)]
    [InlineData("22:00-06:00", "22:00", true)]
    [InlineData("22:00-06:00", "06:00", false)]
    [InlineData("22:00-06:00", "12:00", false)]
    [InlineData("09:00-17:00", "09:00", true)]
    [InlineData("09:00-17:00", "17:00", false)]
    public void A_window_may_pass_midnight_and_ends_before_its_end(string text, string time, bool inside)
    {
        Assert.True(DayWindow.TryParse(text, out var window));
        Assert.Equal(text, window.ToString());
        Assert.Equal(inside, window.Contains(TimeOnly.Parse(time)));
    }

    [Theory]
    [InlineData("22:00")]
    [InlineData("22:00-22:00")]
    [InlineData("24:00-06:00")]
    [InlineData("2:00-06:00")]
    [InlineData("22:00-06:00-08:00")]
    [InlineData("22:00 - 06:00")]
    [InlineData("٢٢:٠٠-06:00")]
    public void What_is_no_window_is_refused(string text) => Assert.False(DayWindow.TryParse(text, out _));

    [Theory]
    [InlineData("100", true)]
    [InlineData("100-199", true)]
    [InlineData("90000-100", false)]
    [InlineData("101", false)]
    [InlineData("101-999999999", false)]
    [InlineData("qemu", true)]
    [InlineData("lxc", false)]
    [InlineData("@prod", true)]
    [InlineData("@Prod", false)]
    [InlineData("#gold", true)]
    [InlineData("#gol", false)]
    public void A_rule_matches_by_id_type_pool_or_tag(string text, bool expected)
    {
        var isRule = GuestRule.TryParse(text, out var rule);

        Assert.Equal(expected, isRule && rule.Matches(100, "qemu", "prod", new HashSet<string> { "gold", "db" }));
    }

    [Theory]
    [InlineData("")]
    [InlineData("@")]
    [InlineData("#")]
    [InlineData("99")]
    [InlineData("1000000000")]
    [InlineData("99999999999")]
    [InlineData("-100")]
    [InlineData("100-")]
    [InlineData("200-100")]
    [InlineData("100-200-300")]
    [InlineData("100 ")]
    [InlineData("１００")]
    [InlineData("QEMU")]
    [InlineData("*")]
    public void What_is_no_rule_is_refused(string text) => Assert.False(GuestRule.TryParse(text, out _));
}
