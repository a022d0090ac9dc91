using CsCheck;
using Perb.TestKit.OpenPgp;
using Perb.Transfer.Sealing;

namespace Perb.Tests.Transfer;

public sealed class PacketFramingTests
{
    private const int Chunk = PacketFraming.ChunkBytes;

    /// <summary>RFC 9580, 4.2.1, with its own examples among them.</summary>
    [Theory]
    [InlineData(0, "00")]
    [InlineData(100, "64")]
    [InlineData(191, "BF")]
    [InlineData(192, "C000")]
    [InlineData(1723, "C5FB")]
    [InlineData(8383, "DFFF")]
    [InlineData(8384, "FF000020C0")]
    [InlineData(100000, "FF000186A0")]
    public void Lengths_are_encoded_as_the_standard_says(long length, string octets) =>
        Assert.Equal(octets, Convert.ToHexString(PacketFraming.DefiniteLength(length)));

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(Chunk - 1)]
    [InlineData(Chunk)]
    [InlineData(Chunk + 1)]
    [InlineData(3 * Chunk)]
    [InlineData(3 * Chunk + 8384)]
    public void A_framed_body_reads_back_and_has_the_length_that_was_foretold(int length)
    {
        var body = Body(length);
        var framed = Frame(body, [length]);
        Assert.Equal(PacketFraming.FramedBytes(length), framed.Length);
        Assert.Equal(body, Read(framed));
    }

    [Fact]
    public void Where_the_body_is_cut_makes_no_difference() => Gen
        .Select(Gen.Int[0, 3 * Chunk], Gen.Int[1, Chunk].List[0, 6])
        .Sample(
            (length, cuts) =>
            {
                var body = Body(length);
                return Frame(body, [length]).AsSpan().SequenceEqual(Frame(body, cuts));
            },
            iter: 30);

    [Fact]
    public void More_than_was_announced_is_a_fault() =>
        Assert.Throws<InvalidOperationException>(() => new PacketFraming(18, 5).Frame(new byte[6], []));

    private static byte[] Body(int length)
    {
        var body = new byte[length];
        new Random(length).NextBytes(body);
        return body;
    }

    private static byte[] Frame(byte[] body, IReadOnlyList<int> cuts)
    {
        var framing = new PacketFraming(18, body.Length);
        var output = new List<ReadOnlyMemory<byte>>();
        var left = body.AsMemory();
        foreach (var cut in cuts)
        {
            var take = Math.Min(cut, left.Length);
            framing.Frame(left[..take], output);
            left = left[take..];
        }

        framing.Frame(left, output);
        return [.. output.SelectMany(segment => segment.ToArray())];
    }

    private static byte[] Read(byte[] framed)
    {
        var packet = Assert.Single(PacketReader.Read(framed));
        Assert.Equal(18, packet.Tag);
        return packet.Body;
    }
}
