using System.Buffers;
using System.Security.Cryptography;

namespace Perb.Transfer.Sealing;

/// <summary>
/// GnuPG's AEAD packet (LibrePGP, "OCB Encrypted Data Packet"): version 1, AES-256, OCB, chunks of 4 MiB. Every chunk has its own tag, bound
/// to its number; a last tag over nothing is bound to the total length, so that cutting at a chunk is noticed too.
/// </summary>
internal sealed class OcbPacket : IContentPacket
{
    private readonly OcbCipher _cipher;
    private readonly byte[] _nonce = RandomNumberGenerator.GetBytes(OcbCipher.NonceBytes);
    private readonly OcbChunks _chunks;
    private int _inChunk;
    private long _contentBytes;

    public OcbPacket(byte[] sessionKey) =>
        (_cipher, _chunks) = (new OcbCipher(sessionKey, CipherDirection.Encrypt), new OcbChunks(_nonce));

    public int Tag => OcbChunks.PacketTag;

    public long BodyBytes(long contentBytes) => OcbChunks.BodyBytes(contentBytes);

    public void Begin(ArrayBufferWriter<byte> output)
    {
        output.Write(OcbChunks.BodyHead);
        output.Write(_nonce);
    }

    public void Encrypt(ReadOnlyMemory<byte> content, ArrayBufferWriter<byte> output)
    {
        var left = content.Span;
        while (!left.IsEmpty)
        {
            if (_inChunk == 0)
            {
                _chunks.Begin(_cipher);
            }

            var take = Math.Min(left.Length, OcbChunks.ChunkBytes - _inChunk);
            output.Advance(_cipher.Transform(left[..take], output.GetSpan(take + OcbCipher.BlockBytes)));
            left = left[take..];
            _inChunk += take;
            _contentBytes += take;
            if (_inChunk == OcbChunks.ChunkBytes)
            {
                EndChunk(output);
            }
        }
    }

    /// <summary>Nothing: the tags come out of the cipher.</summary>
    public void Digest(ReadOnlySpan<byte> content)
    {
    }

    public void Finish(ArrayBufferWriter<byte> output)
    {
        if (_inChunk > 0)
        {
            EndChunk(output);
        }

        _chunks.BeginLast(_cipher, _contentBytes);
        EndChunk(output);
    }

    public void Dispose() => _cipher.Dispose();

    private void EndChunk(ArrayBufferWriter<byte> output)
    {
        output.Advance(_cipher.FinishWithTag(output.GetSpan(OcbCipher.BlockBytes + OcbCipher.TagBytes)));
        _chunks.Ended();
        _inChunk = 0;
    }
}
