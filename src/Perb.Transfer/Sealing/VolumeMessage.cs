using System.Security.Cryptography;
using System.Text;
using Perb.Transfer.Keys;

namespace Perb.Transfer.Sealing;

/// <summary>
/// One OpenPGP message: a session key packet per recipient, then the encrypted packet around one literal packet that bears the
/// volume's own name, so that gpg shows when volumes were swapped. No compression, date 0. Call <see cref="Begin"/>,
/// <see cref="Content"/> until all announced bytes are given, <see cref="Finish"/>, each with a part that is free to be filled, and
/// <see cref="Digest"/> for each of these parts in the same order, but the last.
/// </summary>
internal sealed class VolumeMessage : IDisposable
{
    private const int LiteralTag = 11;
    private const byte BinaryFormat = (byte)'b';

    // An RSA key of 16,384 bits takes half of this.
    private const int SessionKeyPacketBytesAtMost = 4096;
    private const int MessageOverheadBytes = 1024;
    private const int ChunkOverheadBytes = 64;

    private readonly byte[] _sessionKeyPackets;
    private readonly byte[] _literalHeader;
    private readonly IContentPacket _packet;
    private readonly PacketFraming _literal;
    private readonly PacketFraming _encrypted;

    public VolumeMessage(
        PacketKind kind, string volumeName, long contentBytes, IReadOnlyList<Recipient> recipients, bool hideRecipients)
    {
        var name = Encoding.UTF8.GetBytes(volumeName);
        _literalHeader = [BinaryFormat, checked((byte)name.Length), .. name, 0, 0, 0, 0];
        var literalBytes = _literalHeader.Length + contentBytes;

        var sessionKey = RandomNumberGenerator.GetBytes(SessionKeyPacket.KeyBytes);
        try
        {
            _sessionKeyPackets = [.. recipients.SelectMany(
                recipient => SessionKeyPacket.For(recipient.EncryptionKey, sessionKey, hideRecipients))];
            _packet = kind switch
            {
                PacketKind.Mdc => new MdcPacket(sessionKey),
                PacketKind.Ocb => new OcbPacket(sessionKey),
                _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
            };
        }
        finally
        {
            CryptographicOperations.ZeroMemory(sessionKey);
        }

        var bodyBytes = _packet.BodyBytes(PacketFraming.FramedBytes(literalBytes));
        _literal = new PacketFraming(LiteralTag, literalBytes);
        _encrypted = new PacketFraming(_packet.Tag, bodyBytes);
        TotalBytes = _sessionKeyPackets.Length + PacketFraming.FramedBytes(bodyBytes);
    }

    /// <summary>The exact length of the whole message.</summary>
    public long TotalBytes { get; }

    /// <summary>An upper bound for the length of a message with so much content.</summary>
    public static long BytesAtMost(long contentBytes, int recipients) =>
        contentBytes + (contentBytes / PacketFraming.ChunkBytes + 1) * ChunkOverheadBytes
        + (recipients * SessionKeyPacketBytesAtMost) + MessageOverheadBytes;

    public void Begin(MessagePart part)
    {
        part.Clear();
        part.Output.Add(_sessionKeyPackets);
        _packet.Begin(part.Body);
        Encrypt(_literalHeader, part);
    }

    /// <param name="content">The next bytes; must lie in an array, and stay there until the part was digested. About a MiB at a time.</param>
    public void Content(ReadOnlyMemory<byte> content, MessagePart part)
    {
        part.Clear();
        Encrypt(content, part);
    }

    /// <summary>Needs nothing that the other calls use: it may run beside those for the next part.</summary>
    public void Digest(MessagePart part)
    {
        foreach (var segment in part.Plain)
        {
            _packet.Digest(segment.Span);
        }
    }

    /// <summary>After every part was digested.</summary>
    public void Finish(MessagePart part)
    {
        part.Clear();
        _packet.Finish(part.Body);
        _encrypted.Frame(part.Body.WrittenMemory, part.Output);
    }

    public void Dispose() => _packet.Dispose();

    private void Encrypt(ReadOnlyMemory<byte> literalBody, MessagePart part)
    {
        _literal.Frame(literalBody, part.Plain);
        foreach (var segment in part.Plain)
        {
            _packet.Encrypt(segment, part.Body);
        }

        _encrypted.Frame(part.Body.WrittenMemory, part.Output);
    }
}
