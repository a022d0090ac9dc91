using CsCheck;
using Perb.Transfer.Sealing;

namespace Perb.Tests.Transfer;

public sealed class SealingPlanTests
{
    [Theory]
    [InlineData(1, 1, "X.enc")]
    [InlineData(1, 2, "X.001-of-002.enc")]
    [InlineData(12, 12, "X.012-of-012.enc")]
    [InlineData(7, 999, "X.007-of-999.enc")]
    [InlineData(7, 1000, "X.0007-of-1000.enc")]
    [InlineData(99999, 99999, "X.99999-of-99999.enc")]
    public void Volume_names_have_as_many_digits_as_the_count_needs(int number, int count, string name) =>
        Assert.Equal(name, VolumeNames.Of("X", number, count));

    [Fact]
    public void Volume_names_sort_in_order() => Gen.Int[2, 1500].Sample(
        count =>
        {
            var names = Enumerable.Range(1, count).Select(number => VolumeNames.Of("X", number, count)).ToList();
            Assert.Equal(names, names.Order(StringComparer.Ordinal));
        },
        iter: 20);

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void A_volume_that_is_not_there_has_no_name_and_no_range(int number)
    {
        var plan = Plan(archiveBytes: 1000, volumeBytes: 2000);
        Assert.Equal(2, plan.VolumeCount);
        Assert.Throws<ArgumentOutOfRangeException>(() => plan.VolumeName(number));
        Assert.Throws<ArgumentOutOfRangeException>(() => plan.RangeOf(number));
    }

    [Theory]
    [InlineData(-1, 2)]
    [InlineData(0, 1)]
    [InlineData(1, 1)]
    public void A_stream_of_about_one_volume_needs_one_or_two(int more, int volumes)
    {
        var total = Plan(archiveBytes: 1000, volumeBytes: 1).Tar.TotalBytes;
        Assert.Equal(volumes, Plan(archiveBytes: 1000, volumeBytes: total + more).VolumeCount);
    }

    [Theory]
    [InlineData(0, 512 + 1024)]
    [InlineData(1, 512 + 512 + 1024)]
    [InlineData(512, 512 + 512 + 1024)]
    [InlineData(513, 512 + 1024 + 1024)]
    public void An_archive_becomes_a_tar_stream_of_whole_blocks(long archiveBytes, long total) =>
        Assert.Equal(total, Plan(archiveBytes, volumeBytes: 1 << 30).Tar.TotalBytes);

    [Fact]
    public void Ranges_follow_each_other_and_cover_the_stream() => Gen
        .Select(Gen.Long[0, 1L << 40], Gen.Long[1L << 26, 1L << 42])
        .Sample((archiveBytes, volumeBytes) =>
        {
            var plan = Plan(archiveBytes, volumeBytes);
            plan.Validate();
            var at = 0L;
            for (var number = 1; number <= plan.VolumeCount; number++)
            {
                var (offset, length) = plan.RangeOf(number);
                Assert.Equal(at, offset);
                Assert.InRange(length, 1, volumeBytes);
                Assert.True(plan.SealedBytesAtMost(number) > length);
                at += length;
            }

            Assert.Equal(plan.Tar.TotalBytes, at);
        });

    [Fact]
    public void A_plan_that_contradicts_itself_is_not_carried_out()
    {
        var plan = Plan(archiveBytes: 1000, volumeBytes: 3000);
        Assert.All(
            [
                plan with { RemoteName = "../X" },
                plan with { VolumeBytes = 0 },
                plan with { ArchiveBytes = 999 },
                plan with { RecipientFingerprints = [] },
                Plan(archiveBytes: 1L << 40, volumeBytes: 1000),
            ],
            wrong => Assert.Throws<InvalidOperationException>(wrong.Validate));
    }

    [Theory]
    [InlineData("100-2026_11_20-02_00_01", true)]
    [InlineData("106-2020_01_02-22_10_33", true)]
    [InlineData("", false)]
    [InlineData("-rf", false)]
    [InlineData(".hidden", false)]
    [InlineData("a/b", false)]
    [InlineData("a b", false)]
    [InlineData("a\nb", false)]
    public void A_remote_name_has_only_letters_that_nothing_reads_in_a_special_way(string name, bool isRemoteName) =>
        Assert.Equal(isRemoteName, VolumeNames.IsRemoteName(name));

    internal static SealingPlan Plan(long archiveBytes, long volumeBytes) => new()
    {
        RemoteName = "100-2026_11_20-02_00_01",
        ArchiveName = "a.vma",
        ArchiveBytes = archiveBytes,
        ArchiveModifiedAt = DateTimeOffset.UnixEpoch,
        Tar = TarStream.For("a.vma", archiveBytes, DateTimeOffset.UnixEpoch, null, null),
        VolumeBytes = volumeBytes,
        Packet = PacketKind.Mdc,
        HideRecipients = false,
        RecipientFingerprints = [new string('A', 40)],
    };
}
