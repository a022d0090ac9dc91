using System.Buffers;
using System.Security.Cryptography;

namespace Perb.Transfer.Sealing;

/// <summary>
/// SEIPD version 1 (RFC 9580, 5.13.1): AES-256 in CFB with a zero IV over 16 random bytes, the last two of them again, the
/// content, and the MDC: the SHA-1 of all that precedes it.
/// </summary>
internal sealed class MdcPacket(byte[] sessionKey) : IContentPacket
{
    private const byte Version = 1;
    private const int PrefixBytes = CfbCipher.BlockBytes + 2;
    private static readonly byte[] MdcHeader = [0xD3, 0x14];

    private readonly CfbCipher _cipher = new(sessionKey);
    private readonly IncrementalHash _sha1 = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);

    public int Tag => 18;

    public long BodyBytes(long contentBytes) => 1 + PrefixBytes + contentBytes + MdcHeader.Length + SHA1.HashSizeInBytes;

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
        _cipher.Encrypt(content, output.GetSpan(content.Length));
        output.Advance(content.Length);
    }

    public void Digest(ReadOnlySpan<byte> content) => _sha1.AppendData(content);

    public void Finish(ArrayBufferWriter<byte> output)
    {
        Digest(MdcHeader);
        Encrypt((byte[])[.. MdcHeader, .. _sha1.GetHashAndReset()], output);
    }

    public void Dispose()
    {
        _cipher.Dispose();
        _sha1.Dispose();
    }
}
