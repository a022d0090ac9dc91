using CsCheck;
using Perb.Scheduler.Backups;
using Perb.Transfer.Sealing;

namespace Perb.Tests.Backups;

public sealed class ArchiveNameTests
{
    private const string Stem = "vzdump-qemu-100-2026_11_20-02_00_01";

    public static TheoryData<string, string> Vectors() => [.. ArchiveNameVector.All().Select(vector => (vector.Name, vector.TimeZone))];

    [Theory]
    [MemberData(nameof(Vectors))]
    public void A_name_is_standard_exactly_where_the_node_says_so(string name, string timeZone)
    {
        var vector = ArchiveNameVector.All().Single(vector => (vector.Name, vector.TimeZone) == (name, timeZone));

        Assert.Equal(vector.IsStandard, ArchiveName.TryParse(name, out var parsed));
        if (vector.IsStandard)
        {
            Assert.Equal(
                (vector.VmId, vector.GuestType, vector.LogName, vector.NotesName),
                (parsed.VmId, parsed.GuestType, parsed.LogName, parsed.NotesName));
            Assert.Equal(vector.Time, NodeClock.ToInstant(parsed.LocalTime, TimeZoneInfo.FindSystemTimeZoneById(timeZone)));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("../" + Stem + ".vma.zst")]
    [InlineData("dump/" + Stem + ".vma.zst")]
    [InlineData(Stem + ".vma.zst\n")]
    [InlineData(Stem + ".vma.zst ")]
    [InlineData(" " + Stem + ".vma.zst")]
    [InlineData(Stem + ".vma.zst\0")]
    [InlineData(Stem + ".vma.dat")]
    [InlineData(Stem)]
    [InlineData("vzdump-qemu-100-2026_11_20-02_00_60.vma.zst")]
    [InlineData("vzdump-qemu-100-2026_11_20-24_00_00.vma.zst")]
    [InlineData("vzdump-qemu-100-0000_11_20-02_00_01.vma.zst")]
    [InlineData("vzdump-qemu-１００-2026_11_20-02_00_01.vma.zst")]
    [InlineData("vzdump-qemu-100-٢٠٢٦_11_20-02_00_01.vma.zst")]
    [InlineData("vzdump-qemu-010-2026_11_20-02_00_01.vma.zst")]
    [InlineData("vzdump-qemu-10-2026_11_20-02_00_01.vma.zst")]
    public void A_hostile_or_odd_name_is_no_archive(string name) => Assert.False(ArchiveName.TryParse(name, out _));

    [Fact]
    public void A_provider_sees_the_id_and_the_time_only()
    {
        Assert.True(ArchiveName.TryParse(Stem + ".vma.zst", out var name));

        Assert.Equal("100-2026_11_20-02_00_01", name.RemoteName);
        Assert.True(VolumeNames.IsRemoteName(name.RemoteName));
    }

    [Fact]
    public void Every_standard_name_reads_back_and_any_other_byte_in_it_is_noticed() =>
        Gen.Select(Gen.Int[100, 999_999_999], Gen.DateTime, Pick.From("qemu", "lxc", "openvz"), Pick.From("tgz", "tar", "vma.zst", "tar.gz"), Gen.Char)
            .Sample((vmId, time, type, ending, other) =>
            {
                var text = $"vzdump-{type}-{vmId}-{time:yyyy_MM_dd-HH_mm_ss}.{ending}";
                return ArchiveName.TryParse(text, out var name)
                    && (name.VmId, name.GuestType, name.FileName) == (vmId, type, text)
                    && name.RemoteName == $"{vmId}-{name.LocalTime:yyyy_MM_dd-HH_mm_ss}"
                    && !ArchiveName.TryParse(text + other, out _)
                    && !ArchiveName.TryParse(other + text, out _);
            });
}
