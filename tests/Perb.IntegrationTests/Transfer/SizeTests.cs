using Perb.Transfer.Sealing;

namespace Perb.IntegrationTests.Transfer;

/// <summary>Archives and volumes of every size where something ends: both packets, both tars.</summary>
public sealed class SizeTests(SharedKey key) : IClassFixture<SharedKey>
{
    /// <summary>How many bytes of the tar stream go into a volume, told by how the last volume ends up.</summary>
    public static TheoryData<int, string> Cases
    {
        get
        {
            string[] cuts = ["one volume, full", "one volume, a byte left", "two volumes, a byte in the last", "two full volumes", "four volumes"];
            var data = new TheoryData<int, string>();
            foreach (var archiveBytes in new[] { 0, 1, 512, 300_000 })
            {
                foreach (var cut in cuts)
                {
                    data.Add(archiveBytes, cut);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task An_archive_comes_back_however_it_fills_its_volumes(int archiveBytes, string cut)
    {
        foreach (var packet in Enum.GetValues<PacketKind>())
        {
            using var place = new Workplace(archiveBytes);
            var total = place.Plan(key.Recipients, 1 << 30).Tar.TotalBytes;
            var (volumeBytes, volumes, last) = cut switch
            {
                "one volume, full" => (total, 1, total),
                "one volume, a byte left" => (total + 1, 1, total),
                "two volumes, a byte in the last" => (total - 1, 2, 1),
                "two full volumes" => (total / 2, 2, total / 2),
                _ => (total / 3 - 1, 4, total - 3 * (total / 3 - 1)),
            };
            var plan = place.Plan(key.Recipients, volumeBytes, packet);
            Assert.Equal((volumes, last), (plan.VolumeCount, plan.RangeOf(volumes).Length));
            await place.SealAsync(plan, key.Recipients);

            foreach (var tar in new[] { "tar", "bsdtar" })
            {
                var folder = place.Fetch(tar);
                var ended = key.Gpg.Bash(
                    ReadmeLines.Restore(Workplace.RemoteName, volumes).Replace("| tar ", $"| {tar} ", StringComparison.Ordinal), folder);
                Assert.True(ended.ExitCode == 0, ended.Errors);
                place.AssertRestored(folder);
            }
        }
    }
}
