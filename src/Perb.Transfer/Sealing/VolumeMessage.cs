using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using Perb.Transfer.Keys;

namespace Perb.Transfer.Sealing;

/// <summary>
/// One OpenPGP message: a session key packet per recipient, then the encrypted packet around one literal packet that bears the
/// volume's own name, so that gpg shows when volumes were swapped. No compression, date 0. Call <see cref="Begin"/>,
/// <see cref="Content"/> until all announced bytes are given, <see cref="Finish"/>; each returns the bytes to write next, valid
/// until the following call.
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
    private readonly ArrayBufferWriter<byte> _body = new(PacketFraming.ChunkBytes + (64 << 10));
    private readonly List<ReadOnlyMemory<byte>> _plain = [];
    private readonly List<ReadOnlyMemory<byte>> _output = [];

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

    public IReadOnlyList<ReadOnlyMemory<byte>> Begin()
    {
        _output.Add(_sessionKeyPackets);
        _packet.Begin(_body);
        return Encrypt(_literalHeader);
    }

    /// <param name="content">The next bytes; must lie in an array. About a MiB at a time.</param>
    public IReadOnlyList<ReadOnlyMemory<byte>> Content(ReadOnlyMemory<byte> content)
    {
        _output.Clear();
        _body.ResetWrittenCount();
        return Encrypt(content);
    }

    public IReadOnlyList<ReadOnlyMemory<byte>> Finish()
    {
        _output.Clear();
        _body.ResetWrittenCount();
        _packet.Finish(_body);
        _encrypted.Frame(_body.WrittenMemory, _output);
        return _output;
    }

    public void Dispose() => _packet.Dispose();

    private List<ReadOnlyMemory<byte>> Encrypt(ReadOnlyMemory<byte> literalBody)
    {
        _plain.Clear();
        _literal.Frame(literalBody, _plain);
        foreach (var segment in _plain)
        {
            _packet.Encrypt(segment, _body);
        }

        _encrypted.Frame(_body.WrittenMemory, _output);
        return _output;
    }
}
