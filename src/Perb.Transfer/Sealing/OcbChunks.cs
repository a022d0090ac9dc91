using System.Buffers.Binary;

namespace Perb.Transfer.Sealing;

/// <summary>
/// How the chunks of GnuPG's AEAD packet are bound to their numbers (docs/FORMAT.md, 4.3): the one that comes next, its nonce and its
/// associated data. Pure.
/// </summary>
internal sealed class OcbChunks(byte[] nonce)
{
    public const int PacketTag = 20;
    public const int ChunkBytes = 1 << (ChunkSizeOctet + 6);

    private const byte Version = 1;
    private const byte Aes256 = 9;
    private const byte Ocb = 2;
    private const byte ChunkSizeOctet = 16;

    private static readonly byte[] Header = [0xC0 | PacketTag, Version, Aes256, Ocb, ChunkSizeOctet];

    private long _number;

    /// <summary>What the packet's body begins with; the nonce follows.</summary>
    public static ReadOnlySpan<byte> BodyHead => Header.AsSpan(1);

    /// <summary>The length of the body that holds so much content.</summary>
    public static long BodyBytes(long contentBytes) =>
        OverheadBytes + contentBytes + (OcbCipher.TagBytes * ((contentBytes + ChunkBytes - 1) / ChunkBytes));

    /// <summary>The reverse; null where no content makes such a body.</summary>
    public static long? ContentBytes(long bodyBytes)
    {
        var (chunks, rest) = Math.DivRem(bodyBytes - OverheadBytes, ChunkBytes + OcbCipher.TagBytes);
        var contentBytes = (chunks * ChunkBytes) + Math.Max(0, rest - OcbCipher.TagBytes);
        return contentBytes >= 0 && BodyBytes(contentBytes) == bodyBytes ? contentBytes : null;
    }

    /// <summary>Begins the next chunk.</summary>
    public void Begin(OcbCipher cipher) => cipher.Begin(Nonce, BoundToNumber);

    /// <summary>Begins the one behind the last, which is empty and bound to the length of all.</summary>
    public void BeginLast(OcbCipher cipher, long contentBytes) => cipher.Begin(Nonce, [.. BoundToNumber, .. BigEndian(contentBytes)]);

    public void Ended() => _number++;

    private static int OverheadBytes => BodyHead.Length + OcbCipher.NonceBytes + OcbCipher.TagBytes;

    private byte[] BoundToNumber => [.. Header, .. BigEndian(_number)];

    private byte[] Nonce
    {
        get
        {
            var own = nonce.ToArray();
            var counter = own.AsSpan(^8);
            BinaryPrimitives.WriteInt64BigEndian(counter, BinaryPrimitives.ReadInt64BigEndian(counter) ^ _number);
            return own;
        }
    }

    private static byte[] BigEndian(long value)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, value);
        return bytes;
    }
}
