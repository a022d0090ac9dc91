using Perb.Transfer.Sealing;

namespace Perb.IntegrationTests.Transfer;

/// <summary>Whatever happens to a volume on its way, gpg says so by its exit code.</summary>
public sealed class DamageTests(SharedKey key) : IClassFixture<SharedKey>
{
    [Theory]
    [InlineData(PacketKind.Mdc)]
    [InlineData(PacketKind.Ocb)]
    public async Task Every_flipped_bit_and_every_cut_is_noticed(PacketKind packet)
    {
        using var place = new Workplace(1_500_000);
        var volume = Assert.Single(await place.SealAsync(place.Plan(key.Recipients, 1 << 30, packet), key.Recipients));
        var whole = await File.ReadAllBytesAsync(volume.Path, TestContext.Current.CancellationToken);
        var random = new Random(4711);
        Assert.Equal(0, Decrypt(volume.Path));

        // The outer framing is not encrypted: its octets (packet tag, lengths) are among the places.
        int[] places = [20, 110, 111, 112, 130, 200, whole.Length - 1, whole.Length - 17, .. Enumerable.Range(0, 12).Select(_ => random.Next(whole.Length))];
        foreach (var at in places)
        {
            var damaged = whole.ToArray();
            damaged[at] ^= (byte)(1 << random.Next(8));
            await File.WriteAllBytesAsync(volume.Path, damaged, TestContext.Current.CancellationToken);
            Assert.True(Decrypt(volume.Path) != 0, $"a flip at {at} of {whole.Length} went unnoticed");
        }

        foreach (var length in new[] { 0, 300, 1 << 20, whole.Length - 22, whole.Length - 16, whole.Length - 1 })
        {
            await File.WriteAllBytesAsync(volume.Path, whole[..length], TestContext.Current.CancellationToken);
            Assert.True(Decrypt(volume.Path) != 0, $"a cut at {length} of {whole.Length} went unnoticed");
        }
    }

    /// <summary>
    /// gpg 2.2 ends in status 0 at a message cut within its first packets, those of other programs too. So what restores must count
    /// bytes or compare hashes first: the recovery line begins with cksum.
    /// </summary>
    [Fact]
    public async Task A_cut_before_the_encrypted_packet_yields_no_content_and_cksum_notices()
    {
        using var place = new Workplace(100_000);
        var volume = Assert.Single(await place.SealAsync(place.Plan(key.Recipients, 1 << 30), key.Recipients));
        var whole = await File.ReadAllBytesAsync(volume.Path, TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(volume.Path, whole[..50], TestContext.Current.CancellationToken);

        Assert.Empty(key.Gpg.Run(["--decrypt", volume.Path]).Output);
        Assert.NotEqual(0, key.Gpg.Bash($"cksum -c {Workplace.RemoteName}.sums", place.Staging).ExitCode);
    }

    [Fact]
    public async Task The_recovery_line_stops_at_swapped_volumes()
    {
        using var place = new Workplace(3_000_000);
        var volumes = await place.SealAsync(place.Plan(key.Recipients, 1_000_000), key.Recipients);
        var first = await File.ReadAllBytesAsync(volumes[0].Path, TestContext.Current.CancellationToken);
        File.Copy(volumes[1].Path, volumes[0].Path, overwrite: true);
        await File.WriteAllBytesAsync(volumes[1].Path, first, TestContext.Current.CancellationToken);

        var ended = key.Gpg.Bash($"cksum -c {Workplace.RemoteName}.sums", place.Staging);

        Assert.NotEqual(0, ended.ExitCode);
    }

    private int Decrypt(string file) => key.Gpg.Run(["--yes", "--output", "/dev/null", "--decrypt", file]).ExitCode;
}
