using CsCheck;
using Perb.Transfer.Decrypting;
using Perb.Transfer.Sealing;

namespace Perb.Tests.Transfer;

/// <summary>From its first bytes and its length all lengths in a message are known.</summary>
public sealed class MessageHeadTests
{
    private const int Name = 5;

    private static readonly Gen<long> Lengths = Gen.OneOf(
        Gen.Long[0, 10_000], Gen.Long[(1 << 20) - 100, (1 << 20) + 100], Gen.Long[(1 << 22) - 100, (1 << 22) + 100], Gen.Long[0, 1L << 42]);

    private static readonly byte[] SessionKey = PacketFraming.Packet(1, [3, .. new byte[90]]);

    [Fact]
    public void Framed_lengths_are_inverted_and_impossible_ones_refused() => Lengths.Sample(framed =>
    {
        if (PacketFraming.BodyBytes(framed) is { } body)
        {
            Assert.Equal(framed, PacketFraming.FramedBytes(body));
        }

        Assert.Equal(IsAlone(framed) ? framed : null, PacketFraming.BodyBytes(PacketFraming.FramedBytes(framed)));
    });

    [Theory]
    [InlineData((1 << 20) - 4, true)]
    [InlineData((1 << 20) - 3, false)]
    [InlineData((1 << 20) - 2, false)]
    [InlineData((1 << 20) - 1, false)]
    [InlineData(1 << 20, false)]
    [InlineData((1 << 20) + 2, false)]
    [InlineData((1 << 20) + 3, true)]
    [InlineData((1L << 40) - 1, false)]
    [InlineData((1L << 40) + 5000, true)]
    public void Three_lengths_in_each_MiB_are_those_of_two_bodies(long body, bool isAlone)
    {
        Assert.Equal(isAlone, IsAlone(body));
        Assert.Equal(isAlone ? body : null, PacketFraming.BodyBytes(PacketFraming.FramedBytes(body)));
    }

    [Fact]
    public void Lengths_of_chunks_are_inverted_and_impossible_ones_refused() => Lengths.Sample(length =>
    {
        if (OcbChunks.ContentBytes(length) is { } content)
        {
            Assert.Equal(length, OcbChunks.BodyBytes(content));
        }

        Assert.Equal(length, OcbChunks.ContentBytes(OcbChunks.BodyBytes(length)));
    });

    [Fact]
    public void Every_length_of_content_is_found_again() => Gen.Select(Lengths, Gen.Enum<PacketKind>(), Gen.Int[1, 4]).Sample((content, kind, recipients) =>
    {
        var head = Of(kind, content, recipients, out var messageBytes);

        if (head is null)
        {
            var literal = PacketFraming.FramedBytes(content + Name);
            Assert.False(IsAlone(content + Name) && IsAlone(kind == PacketKind.Mdc ? literal + 41 : OcbChunks.BodyBytes(literal)));
            return;
        }

        Assert.Equal((kind, recipients * SessionKey.Length, messageBytes), (head.Kind, head.SessionKeyBytes, head.MessageBytes));
        Assert.Equal(content + Name, head.LiteralBodyBytes);
    });

    [Theory]
    [InlineData(0, 0xC1)] // no session key packet
    [InlineData(0, 0x84)] // of the old format
    [InlineData(1, 0)]
    [InlineData(1, 0xFF)]
    [InlineData(1, 0xE4)] // a partial length
    [InlineData(2, 2)] // another version
    [InlineData(93, 0xC9)] // another packet
    [InlineData(94, 0xF3)] // pieces of another length
    [InlineData(95, 2)] // another version
    public void What_begins_in_another_way_is_not_ours(int at, byte value)
    {
        var start = Start(PacketKind.Mdc, 5_000_000, 1, out var messageBytes);
        Assert.NotNull(MessageHead.Of(start, messageBytes));
        start[at] = at == 0 && value == 0xC1 ? (byte)0xD2 : value;

        Assert.Null(MessageHead.Of(start, messageBytes));
    }

    [Fact]
    public void Without_an_encrypted_packet_or_of_another_length_it_is_not_ours()
    {
        var start = Start(PacketKind.Ocb, 3000, 1, out var messageBytes);
        for (var length = 0; length <= SessionKey.Length; length++)
        {
            Assert.Null(MessageHead.Of(start.AsMemory(0, length), length));
        }

        Assert.Null(MessageHead.Of(start, messageBytes - 1));
        Assert.Null(MessageHead.Of(start, messageBytes + 1));
    }

    private static bool IsAlone(long body)
    {
        var framed = PacketFraming.FramedBytes(body);
        return Enumerable.Range(-10, 21).All(beside => beside == 0 || body + beside < 0 || PacketFraming.FramedBytes(body + beside) != framed);
    }

    private static MessageHead? Of(PacketKind kind, long content, int recipients, out long messageBytes) =>
        MessageHead.Of(Start(kind, content, recipients, out messageBytes), messageBytes);

    /// <summary>All that is looked at.</summary>
    private static byte[] Start(PacketKind kind, long content, int recipients, out long messageBytes)
    {
        using IContentPacket packet = kind == PacketKind.Mdc ? new MdcPacket(new byte[32]) : new OcbPacket(new byte[32]);
        var body = packet.BodyBytes(PacketFraming.FramedBytes(content + Name));
        byte[] first = [.. kind == PacketKind.Mdc ? [MdcPacket.Version] : OcbChunks.BodyHead];
        var framed = new List<ReadOnlyMemory<byte>>();
        new PacketFraming(packet.Tag, body).Frame(first, framed);
        messageBytes = (recipients * SessionKey.Length) + PacketFraming.FramedBytes(body);
        return [.. Enumerable.Repeat(SessionKey, recipients).SelectMany(octets => octets), .. framed.SelectMany(segment => segment.ToArray())];
    }
}
