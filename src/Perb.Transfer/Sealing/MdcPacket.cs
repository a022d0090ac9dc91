using System.Buffers;
using System.Security.Cryptography;

namespace Perb.Transfer.Sealing;

/// <summary>
/// SEIPD version 1 (RFC 9580, 5.13.1): AES-256 in CFB with a zero IV over 16 random bytes, the last two of them again, the
/// content, and the MDC: the SHA-1 of all that precedes it.
/// </summary>
internal sealed class MdcPacket(byte[] sessionKey) : IContentPacket
{
    public const int PacketTag = 18;
    public const byte Version = 1;
    public const int PrefixBytes = CfbCipher.BlockBytes + 2;

    private readonly CfbCipher _cipher = new(sessionKey, CipherDirection.Encrypt);
    private readonly IncrementalHash _sha1 = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);

    /// <summary>What the MDC begins with; it is part of what is hashed.</summary>
    public static ReadOnlySpan<byte> MdcHead => [0xD3, 0x14];

    public int Tag => PacketTag;

    public long BodyBytes(long contentBytes) => contentBytes + OverheadBytes;

    /// <summary>The reverse; below 0 where a body is too short.</summary>
    public static long ContentBytes(long bodyBytes) => bodyBytes - OverheadBytes;

    private static int OverheadBytes => 1 + PrefixBytes + MdcHead.Length + SHA1.HashSizeInBytes;

    public void Begin(ArrayBufferWriter<byte> output)
    {
        output.Write([Version]);
        var prefix = new byte[PrefixBytes];
        RandomNumberGenerator.Fill(prefix.AsSpan(0, CfbCipher.BlockBytes));
        prefix[^2] = prefix[^4];
        prefix[^1] = prefix[^3];
        Digest(prefix);
        Encrypt(prefix, output);
    }

    public void Encrypt(ReadOnlyMemory<byte> content, ArrayBufferWriter<byte> output)
    {
        _cipher.Transform(content, output.GetSpan(content.Length));
        output.Advance(content.Length);
    }

    public void Digest(ReadOnlySpan<byte> content) => _sha1.AppendData(content);

    public void Finish(ArrayBufferWriter<byte> output)
    {
        Digest(MdcHead);
        Encrypt((byte[])[.. MdcHead, .. _sha1.GetHashAndReset()], output);
    }

    public void Dispose()
    {
        _cipher.Dispose();
        _sha1.Dispose();
    }
}
