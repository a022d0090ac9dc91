using Perb.Transfer.Sealing;

namespace Perb.IntegrationTests.Transfer;

/// <summary>A node's page cache is its guests': a backup of hundreds of gigabytes that is read and written once must not push their pages out.</summary>
public sealed class PageCacheTests(SharedKey key) : IClassFixture<SharedKey>
{
    private const int Mebibytes = 96;

    [Theory]
    [InlineData(PacketKind.Mdc)]
    [InlineData(PacketKind.Ocb)]
    public async Task Neither_archive_nor_volumes_stay_in_the_page_cache(PacketKind packet)
    {
        using var place = new Workplace(Mebibytes << 20);
        Assert.SkipWhen(new DriveInfo(place.Staging).DriveFormat is "tmpfs" or "ramfs", "the temporary directory is memory itself");
        FlushToDisk(place.Archive);
        Assert.True(Cached(place.Archive) > 0.9, "just written, the archive should lie in the page cache");

        var volumes = await place.SealAsync(place.Plan(key.Recipients, 1 << 30, packet), key.Recipients);

        Assert.InRange(Cached(place.Archive), 0, 0.1);
        Assert.All(volumes, volume => Assert.InRange(Cached(volume.Path), 0, 0.1));
    }

    // Dirty pages cannot be dropped; vzdump's archive has long been on the disk.
    private static void FlushToDisk(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite);
        file.Flush(flushToDisk: true);
    }

    /// <summary>The share of a file that lies in the page cache.</summary>
    private double Cached(string path)
    {
        var listed = key.Gpg.Bash($"fincore --bytes --noheadings --output RES '{path}'", Path.GetTempPath()).Ok();
        return long.Parse(listed.Output.Trim()) / (double)new FileInfo(path).Length;
    }
}
