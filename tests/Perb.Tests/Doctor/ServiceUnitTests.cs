using Perb.Scheduler.Doctor;

namespace Perb.Tests.Doctor;

public sealed class ServiceUnitTests
{
    [Theory]
    [InlineData("/var/lib/perb/staging/gdrive", true)]
    [InlineData("/mnt/offsite", true)]
    [InlineData("/mnt/offsite/perb/pve1/", true)]
    [InlineData("/mnt/usb disk/perb", true)]
    [InlineData("/mnt/offsite-2", false)]
    [InlineData("/mnt", false)]
    [InlineData("/", false)]
    public void Only_what_the_unit_names_and_what_lies_below_can_be_written(string directory, bool expected)
    {
        var unit = ServiceUnit.Parse("ReadWritePaths=-/mnt/offsite /mnt/usb disk\nAmbientCapabilities=\nLoadState=loaded\nProtectSystem=strict\n")!;

        Assert.Equal(expected, unit.MayWrite(directory));
        Assert.False(unit.ReadsAll);
    }

    [Fact]
    public void Without_a_lock_on_the_system_everything_can()
    {
        var unit = ServiceUnit.Parse("LoadState=loaded\nProtectSystem=full\nAmbientCapabilities=cap_dac_read_search\n")!;

        Assert.True(unit.MayWrite("/mnt"));
        Assert.True(unit.ReadsAll);
    }

    [Theory]
    [InlineData("")]
    [InlineData("LoadState=not-found\nProtectSystem=no\n")]
    public void A_unit_that_is_not_there_is_none(string text) => Assert.Null(ServiceUnit.Parse(text));
}
