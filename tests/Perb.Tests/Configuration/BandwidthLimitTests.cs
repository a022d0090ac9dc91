using Perb.Scheduler.Configuration;

namespace Perb.Tests.Configuration;

public sealed class BandwidthLimitTests
{
    [Theory]
    [InlineData("10MiB", 1, "10485760B")]
    [InlineData("10M", 2, "5242880B")]
    [InlineData("512", 1, "524288B")] // without a unit, KiB
    [InlineData("1.5k", 1, "1536B")]
    [InlineData("8MiB:1MiB", 4, "2097152B:262144B")]
    [InlineData("off", 3, "off")]
    [InlineData("08:00,2MiB 22:00,off", 2, "08:00,1048576B 22:00,off")]
    [InlineData("Mon-08:00,1M Sat-00:00,off:1G", 1, "Mon-08:00,1048576B Sat-00:00,off:1073741824B")]
    [InlineData("2k", 64, "1024B")] // never none at all, which would mean no limit
    public void A_limit_of_the_remote_is_divided_among_its_uploads(string text, int uploads, string share)
    {
        Assert.True(BandwidthLimit.TryParse(text, out var limit));
        Assert.Equal(share, limit.Share(uploads));
    }

    [Theory]
    [InlineData("")]
    [InlineData("fast")]
    [InlineData("0")]
    [InlineData("-1M")]
    [InlineData("1M 2M")]
    [InlineData("25:00,1M")]
    [InlineData("08:00,1M 2M")]
    [InlineData("1M:1M:1M")]
    [InlineData("1e5")]
    [InlineData("1M --config=/x")]
    public void What_rclone_would_refuse_or_misread_is_refused(string text) => Assert.False(BandwidthLimit.TryParse(text, out _));
}
