using Perb.Transfer.Sealing;

namespace Perb.Transfer.Decrypting;

/// <summary>
/// How a message of ours begins (docs/FORMAT.md, 4), and all that follows from that and from its length: the lengths of everything in it are
/// known before the first byte is decrypted. Pure.
/// </summary>
/// <param name="Kind">Of the encrypted packet.</param>
/// <param name="SessionKeyBytes">So long are the session key packets in front.</param>
/// <param name="MessageBytes">The whole message.</param>
/// <param name="BodyBytes">The encrypted packet without header and lengths.</param>
/// <param name="LiteralBytes">The literal packet in it, with its header and lengths.</param>
/// <param name="LiteralBodyBytes">That without them.</param>
internal sealed record MessageHead(
    PacketKind Kind, int SessionKeyBytes, long MessageBytes, long BodyBytes, long LiteralBytes, long LiteralBodyBytes)
{
    /// <summary>So much of a message is looked at; more recipients than fit into it are gpg's.</summary>
    public const int Bytes = 64 << 10;

    public int Tag => TagOf(Kind);

    /// <param name="head">The first <see cref="Bytes"/> of the message, or all where there are fewer.</param>
    /// <param name="messageBytes">Length of the whole message.</param>
    /// <returns>Null: it is not exactly of our format, whatever else it is.</returns>
    public static MessageHead? Of(ReadOnlyMemory<byte> head, long messageBytes)
    {
        var keyBytes = KeyBytes(head.Span);
        var packet = head[keyBytes..];
        if (keyBytes == 0 || packet.IsEmpty || KindOf(packet.Span[0]) is not { } kind
            || PacketFraming.BodyBytes(messageBytes - keyBytes) is not { } bodyBytes || !BeginsAsOurs(kind, bodyBytes, packet))
        {
            return null;
        }

        var literalBytes = kind == PacketKind.Mdc ? MdcPacket.ContentBytes(bodyBytes) : OcbChunks.ContentBytes(bodyBytes);
        return literalBytes is > 0 && PacketFraming.BodyBytes(literalBytes.Value) is { } literalBodyBytes
            ? new MessageHead(kind, keyBytes, messageBytes, bodyBytes, literalBytes.Value, literalBodyBytes)
            : null;
    }

    private static bool BeginsAsOurs(PacketKind kind, long bodyBytes, ReadOnlyMemory<byte> packet)
    {
        var body = new List<ReadOnlyMemory<byte>>();
        return new PacketFraming(TagOf(kind), bodyBytes).Unframe(packet, body)
            && body.Count > 0
            && body[0].Span.StartsWith(kind == PacketKind.Mdc ? [MdcPacket.Version] : OcbChunks.BodyHead);
    }

    private static int KeyBytes(ReadOnlySpan<byte> head)
    {
        var at = 0;
        while (PacketFraming.HeaderOf(SessionKeyPacket.Tag, head[at..]) is { } packet
            && packet.BodyBytes > 0 && packet.HeaderBytes + packet.BodyBytes < head.Length - at
            && head[at + packet.HeaderBytes] == SessionKeyPacket.Version)
        {
            at += packet.HeaderBytes + packet.BodyBytes;
        }

        return at;
    }

    private static PacketKind? KindOf(byte tag) => tag switch
    {
        0xC0 | MdcPacket.PacketTag => PacketKind.Mdc,
        0xC0 | OcbChunks.PacketTag => PacketKind.Ocb,
        _ => null,
    };

    private static int TagOf(PacketKind kind) => kind switch
    {
        PacketKind.Mdc => MdcPacket.PacketTag,
        PacketKind.Ocb => OcbChunks.PacketTag,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };
}
