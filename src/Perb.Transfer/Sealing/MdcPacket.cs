using System.Buffers;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Perb.Transfer.Sealing;

/// <summary>
/// SEIPD version 1 (RFC 9580, 5.13.1): AES-256 in CFB with a zero IV over 16 random bytes, the last two of them again, the
/// content, and the MDC: the SHA-1 of all that precedes it.
/// </summary>
internal sealed class MdcPacket : IContentPacket
{
    private const byte Version = 1;
    private const int BlockBytes = 16;
    private const int PrefixBytes = BlockBytes + 2;
    private static readonly byte[] MdcHeader = [0xD3, 0x14];

    private readonly Aes _aes;
    private readonly ICryptoTransform _cfb;
    private readonly IncrementalHash _sha1 = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);

    // The platform's CFB takes whole blocks only; what is left of one waits here.
    private readonly byte[] _waiting = new byte[BlockBytes];
    private int _waitingBytes;

    public MdcPacket(byte[] sessionKey)
    {
        _aes = Aes.Create();
#pragma warning disable CA5358 // OpenPGP is CFB; the MDC below authenticates it.
        _aes.Mode = CipherMode.CFB;
#pragma warning restore CA5358
        _aes.FeedbackSize = 8 * BlockBytes;
        _aes.Padding = PaddingMode.None;
        _cfb = _aes.CreateEncryptor(sessionKey, new byte[BlockBytes]);
    }

    public int Tag => 18;

    public long BodyBytes(long contentBytes) => 1 + PrefixBytes + contentBytes + MdcHeader.Length + SHA1.HashSizeInBytes;

    public void Begin(ArrayBufferWriter<byte> output)
    {
        output.Write([Version]);
        var prefix = new byte[PrefixBytes];
        RandomNumberGenerator.Fill(prefix.AsSpan(0, BlockBytes));
        prefix[^2] = prefix[^4];
        prefix[^1] = prefix[^3];
        Encrypt(prefix, output);
    }

    public void Encrypt(ReadOnlyMemory<byte> content, ArrayBufferWriter<byte> output)
    {
        _sha1.AppendData(content.Span);
        Transform(content, output);
    }

    public void Finish(ArrayBufferWriter<byte> output)
    {
        _sha1.AppendData(MdcHeader);
        byte[] mdc = [.. MdcHeader, .. _sha1.GetHashAndReset()];
        Transform(mdc, output);

        // CFB is a stream cipher at heart: of the last block only the bytes that stand for something are kept.
        var last = new byte[BlockBytes];
        _waiting.AsSpan(_waitingBytes).Clear();
        _cfb.TransformBlock(_waiting, 0, BlockBytes, last, 0);
        output.Write(last.AsSpan(0, _waitingBytes));
        _waitingBytes = 0;
    }

    public void Dispose()
    {
        _cfb.Dispose();
        _aes.Dispose();
        _sha1.Dispose();
    }

    private void Transform(ReadOnlyMemory<byte> plain, ArrayBufferWriter<byte> output)
    {
        if (_waitingBytes > 0)
        {
            var fill = Math.Min(BlockBytes - _waitingBytes, plain.Length);
            plain.Span[..fill].CopyTo(_waiting.AsSpan(_waitingBytes));
            _waitingBytes += fill;
            plain = plain[fill..];
            if (_waitingBytes < BlockBytes)
            {
                return;
            }

            TransformBlocks(_waiting, output);
        }

        var whole = plain.Length - plain.Length % BlockBytes;
        if (whole > 0)
        {
            TransformBlocks(plain[..whole], output);
        }

        plain.Span[whole..].CopyTo(_waiting);
        _waitingBytes = plain.Length - whole;
    }

    private void TransformBlocks(ReadOnlyMemory<byte> blocks, ArrayBufferWriter<byte> output)
    {
        if (!MemoryMarshal.TryGetArray(blocks, out var from)
            || !MemoryMarshal.TryGetArray<byte>(output.GetMemory(blocks.Length), out var to))
        {
            throw new InvalidOperationException("The platform's cipher needs arrays");
        }

        output.Advance(_cfb.TransformBlock(from.Array!, from.Offset, from.Count, to.Array!, to.Offset));
    }
}
