using System.Buffers.Binary;

namespace Perb.Transfer.Sealing;

/// <summary>
/// Puts the header and the partial lengths (RFC 9580, 4.2.1.4) around a packet body whose length is known beforehand, or takes them off
/// again. Small and huge bodies take the same path, so what is tested with a few MiB holds for volumes beyond 4 GiB.
/// </summary>
internal sealed class PacketFraming(int tag, long bodyBytes)
{
    public const int ChunkBytes = 1 << ChunkPower;
    private const int ChunkPower = 20;
    private static readonly byte[] PartialLength = [0xE0 | ChunkPower];

    private readonly List<ReadOnlyMemory<byte>> _header = [];
    private ReadOnlyMemory<byte> _expected;
    private long _left = bodyBytes;
    private long _leftInChunk;
    private bool _tagWritten;
    private bool _lastChunkBegun;

    /// <summary>What a body of this length becomes, with its header and lengths.</summary>
    public static long FramedBytes(long bodyBytes) =>
        1 + (bodyBytes / ChunkBytes) + DefiniteLength(bodyBytes % ChunkBytes).Length + bodyBytes;

    /// <summary>
    /// The reverse; null where no body becomes so long, or two do: three lengths in each MiB, at which a partial length with one octet behind it
    /// takes as much room as five octets without one.
    /// </summary>
    public static long? BodyBytes(long framedBytes)
    {
        long? found = null;
        foreach (var lengthOctets in new[] { 1, 2, 5 })
        {
            var (chunks, rest) = Math.DivRem(framedBytes - 1 - lengthOctets, ChunkBytes + 1);
            var bodyBytes = (chunks * ChunkBytes) + rest;
            if (framedBytes <= lengthOctets || FramedBytes(bodyBytes) != framedBytes)
            {
                continue;
            }

            if (found is not null && found != bodyBytes)
            {
                return null;
            }

            found = bodyBytes;
        }

        return found;
    }

    /// <summary>The length of a small packet's body, its own octets and theirs; null where it is not written as it must be.</summary>
    public static (int BodyBytes, int HeaderBytes)? HeaderOf(int tag, ReadOnlySpan<byte> packet)
    {
        if (packet.Length < 6 || packet[0] != (0xC0 | tag))
        {
            return null;
        }

        var length = packet[1] switch
        {
            < 192 => packet[1],
            < 224 => ((packet[1] - 192) << 8) + packet[2] + 192,
            255 => BinaryPrimitives.ReadUInt32BigEndian(packet[2..]),
            _ => long.MaxValue,
        };
        return length < ChunkBytes && DefiniteLength(length) is var octets && packet[1..].StartsWith(octets)
            ? ((int)length, 1 + octets.Length)
            : null;
    }

    /// <summary>A whole small packet.</summary>
    public static byte[] Packet(int tag, byte[] body) => [(byte)(0xC0 | tag), .. DefiniteLength(body.Length), .. body];

    /// <summary>
    /// Adds the next bytes of the body, with the lengths between them, to the output. The body is not copied. The lengths after
    /// the last byte of the body come with it.
    /// </summary>
    /// <exception cref="InvalidOperationException">More bytes than were announced.</exception>
    public void Frame(ReadOnlyMemory<byte> body, List<ReadOnlyMemory<byte>> output)
    {
        if (body.Length > _left)
        {
            throw new InvalidOperationException($"{body.Length} bytes for a packet that has room for {_left}");
        }

        while (!body.IsEmpty || NeedsLength)
        {
            if (NeedsLength)
            {
                BeginChunk(output);
            }

            var take = (int)Math.Min(body.Length, _leftInChunk);
            if (take > 0)
            {
                output.Add(body[..take]);
                body = body[take..];
                _left -= take;
                _leftInChunk -= take;
            }
        }
    }

    /// <summary>
    /// Adds to the body what is left of the next framed bytes without header and lengths. The body is not copied.
    /// </summary>
    /// <returns>False: one of them is not what it must be, or more bytes come than were announced.</returns>
    public bool Unframe(ReadOnlyMemory<byte> framed, List<ReadOnlyMemory<byte>> body)
    {
        while (true)
        {
            if (_expected.IsEmpty && NeedsLength)
            {
                _header.Clear();
                BeginChunk(_header);
                _expected = _header.SelectMany(octets => octets.ToArray()).ToArray();
            }

            var compared = Math.Min(framed.Length, _expected.Length);
            if (!framed.Span[..compared].SequenceEqual(_expected.Span[..compared]))
            {
                return false;
            }

            (framed, _expected) = (framed[compared..], _expected[compared..]);
            if (framed.IsEmpty)
            {
                return true;
            }

            var take = (int)Math.Min(framed.Length, _leftInChunk);
            if (take == 0)
            {
                return false;
            }

            body.Add(framed[..take]);
            framed = framed[take..];
            _left -= take;
            _leftInChunk -= take;
        }
    }

    private bool NeedsLength => _leftInChunk == 0 && !_lastChunkBegun;

    private void BeginChunk(List<ReadOnlyMemory<byte>> output)
    {
        if (!_tagWritten)
        {
            output.Add(new[] { (byte)(0xC0 | tag) });
            _tagWritten = true;
        }

        _lastChunkBegun = _left < ChunkBytes;
        _leftInChunk = _lastChunkBegun ? _left : ChunkBytes;
        output.Add(_lastChunkBegun ? DefiniteLength(_left) : PartialLength);
    }

    internal static byte[] DefiniteLength(long length)
    {
        switch (length)
        {
            case < 192:
                return [(byte)length];
            case < 8384:
                return [(byte)(((length - 192) >> 8) + 192), (byte)(length - 192)];
            default:
                var five = new byte[5];
                five[0] = 255;
                BinaryPrimitives.WriteUInt32BigEndian(five.AsSpan(1), checked((uint)length));
                return five;
        }
    }
}
