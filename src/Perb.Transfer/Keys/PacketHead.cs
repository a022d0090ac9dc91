using Org.BouncyCastle.Bcpg;

namespace Perb.Transfer.Keys;

/// <summary>Kind and version of the first packet, looked at by themselves: BouncyCastle only says "unknown" of what it cannot parse.</summary>
internal readonly record struct PacketHead(PacketTag Tag, int Version)
{
    // Fewer than any key or signature has, and enough for the header of every packet.
    private const int ShortestBytes = 10;

    public bool IsSecretKey => Tag is PacketTag.SecretKey or PacketTag.SecretSubkey;

    /// <summary>Null where there is not even one packet.</summary>
    public static PacketHead? Of(ReadOnlySpan<byte> packets)
    {
        if (packets.Length < ShortestBytes)
        {
            return null;
        }

        var isNewFormat = (packets[0] & 0x40) != 0;
        var tag = (PacketTag)(isNewFormat ? packets[0] & 0x3F : (packets[0] >> 2) & 0x0F);
        var lengthOctets = isNewFormat
            ? packets[1] switch { < 192 => 1, 255 => 5, _ => 2 }
            : 1 << (packets[0] & 0x03);
        return new PacketHead(tag, packets[1 + lengthOctets]);
    }
}
