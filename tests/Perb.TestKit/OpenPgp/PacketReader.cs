using System.Buffers.Binary;

namespace Perb.TestKit.OpenPgp;

/// <summary>One length of a packet, where it stands, and how many bytes of the body follow it.</summary>
public sealed record LengthField(int Offset, int Octets, int Bytes, bool IsPartial);

/// <summary>A packet as it stands in a message: its body put together, and the place of everything that is not its body.</summary>
public sealed record RawPacket(int Tag, int Offset, IReadOnlyList<LengthField> Lengths, byte[] Body, int End)
{
    /// <summary>Where an octet of the body stands in the message.</summary>
    public int OffsetOf(int inBody)
    {
        foreach (var length in Lengths)
        {
            if (inBody < length.Bytes)
            {
                return length.Offset + length.Octets + inBody;
            }

            inBody -= length.Bytes;
        }

        throw new ArgumentOutOfRangeException(nameof(inBody), inBody, null);
    }
}

/// <summary>
/// A second opinion on the packets that Perb writes, from RFC 9580, 4.2.1, and docs/FORMAT.md alone: new-format headers, definite
/// and partial lengths, and nothing behind the last packet.
/// </summary>
public static class PacketReader
{
    /// <exception cref="FormatException">Not packets from the first to the last octet.</exception>
    public static List<RawPacket> Read(byte[] message)
    {
        var packets = new List<RawPacket>();
        for (var at = 0; at < message.Length; at = packets[^1].End)
        {
            packets.Add(ReadOne(message, at));
        }

        return packets;
    }

    private static RawPacket ReadOne(byte[] message, int offset)
    {
        if ((message[offset] & 0xC0) != 0xC0)
        {
            throw new FormatException($"no new-format packet at {offset}");
        }

        using var body = new MemoryStream();
        var lengths = new List<LengthField>();
        var at = offset + 1;
        do
        {
            var length = ReadLength(message, at);
            at += length.Octets;
            if (message.Length - at < length.Bytes)
            {
                throw new FormatException($"{length.Bytes} bytes are announced at {length.Offset}, {message.Length - at} are there");
            }

            body.Write(message, at, length.Bytes);
            at += length.Bytes;
            lengths.Add(length);
        }
        while (lengths[^1].IsPartial);

        return new RawPacket(message[offset] & 0x3F, offset, lengths, body.ToArray(), at);
    }

    private static LengthField ReadLength(byte[] message, int at)
    {
        if (at >= message.Length)
        {
            throw new FormatException($"no length at {at}");
        }

        var octets = message[at] switch { < 192 => 1, < 224 => 2, < 255 => 1, _ => 5 };
        if (message.Length - at < octets)
        {
            throw new FormatException($"half a length at {at}");
        }

        return message[at] switch
        {
            var first and < 192 => new LengthField(at, octets, first, IsPartial: false),
            var first and < 224 => new LengthField(at, octets, ((first - 192) << 8) + message[at + 1] + 192, IsPartial: false),
            255 => new LengthField(at, octets, checked((int)BinaryPrimitives.ReadUInt32BigEndian(message.AsSpan(at + 1))), IsPartial: false),
            var first => new LengthField(at, octets, 1 << (first & 0x1F), IsPartial: true),
        };
    }
}
