using Perb.Scheduler.Restore;

namespace Perb.Tests.Restore;

public sealed class RestoreSpaceTests
{
    private const long Gibibyte = 1L << 30;
    private const long Beside = 16 << 20;

    [Theory]
    [InlineData(10, 1, 0, 20, 3)]
    [InlineData(10, 1, 0, 13, 3)]
    [InlineData(10, 1, 0, 12, 2)]
    [InlineData(10, 1, 0, 11, 1)]
    [InlineData(10, 1, 0, 10, 0)]
    [InlineData(10, 1, 2, 9, 1)] // two volumes that are there already
    [InlineData(10, 0, 0, 10, 3)] // read where they are
    [InlineData(10, 0, 0, 9, 0)]
    [InlineData(0, 1, 0, 3, 3)] // to stdout
    [InlineData(0, 1, 0, 1, 1)]
    [InlineData(0, 1, 0, 0, 0)]
    public void As_many_volumes_are_fetched_at_once_as_there_is_room_for(long archive, long volume, long kept, long free, int volumes)
    {
        var space = new RestoreSpace(archive * Gibibyte, volume * Gibibyte, kept * Gibibyte);
        var freeBytes = (free * Gibibyte) + (archive > 0 ? Beside : 0);

        if (volumes > 0)
        {
            Assert.Equal(volumes, space.VolumesAtOnce("/here", freeBytes));
        }
        else
        {
            var refused = Assert.Throws<RestoreException>(() => space.VolumesAtOnce("/here", freeBytes));
            Assert.Contains("/here has", refused.Message, StringComparison.Ordinal);
            Assert.Contains("--to", refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void One_byte_too_few_is_too_few()
    {
        var space = new RestoreSpace(1000, 100, 0);

        Assert.Equal(1, space.VolumesAtOnce("/here", Beside + 1100));
        Assert.Throws<RestoreException>(() => space.VolumesAtOnce("/here", Beside + 1099));
    }

    /// <summary>Sizes are what somebody wrote into a manifest.</summary>
    [Fact]
    public void Sizes_beyond_all_disks_are_too_much_and_do_not_overflow() => Assert.Throws<RestoreException>(
        () => new RestoreSpace(long.MaxValue, long.MaxValue, 0).VolumesAtOnce("/here", long.MaxValue));
}
