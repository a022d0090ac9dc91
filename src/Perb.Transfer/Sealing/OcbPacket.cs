using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Perb.Transfer.Sealing;

/// <summary>
/// GnuPG's AEAD packet (LibrePGP, "OCB Encrypted Data Packet"): version 1, AES-256, OCB, chunks of 4 MiB. Every chunk has its own tag, bound
/// to its number; a last tag over nothing is bound to the total length, so that cutting at a chunk is noticed too.
/// </summary>
internal sealed class OcbPacket(byte[] sessionKey) : IContentPacket
{
    private const byte Version = 1;
    private const byte Aes256 = 9;
    private const byte Ocb = 2;
    private const byte ChunkSizeOctet = 16;
    private const int ChunkBytes = 1 << (ChunkSizeOctet + 6);

    private readonly OcbCipher _cipher = new(sessionKey);
    private readonly byte[] _nonce = RandomNumberGenerator.GetBytes(OcbCipher.NonceBytes);
    private long _chunk;
    private int _inChunk;
    private long _contentBytes;

    /// <summary>Whether this machine's OpenSSL is there; without it only <see cref="PacketKind.Mdc"/> can be written.</summary>
    public static bool IsAvailable => OcbCipher.IsAvailable;

    public int Tag => 20;

    private byte[] Header => [(byte)(0xC0 | Tag), Version, Aes256, Ocb, ChunkSizeOctet];

    public long BodyBytes(long contentBytes) =>
        Header.Length - 1 + OcbCipher.NonceBytes + contentBytes
        + OcbCipher.TagBytes * ((contentBytes + ChunkBytes - 1) / ChunkBytes) + OcbCipher.TagBytes;

    public void Begin(ArrayBufferWriter<byte> output)
    {
        output.Write(Header.AsSpan(1));
        output.Write(_nonce);
    }

    public void Encrypt(ReadOnlyMemory<byte> content, ArrayBufferWriter<byte> output)
    {
        var left = content.Span;
        while (!left.IsEmpty)
        {
            if (_inChunk == 0)
            {
                BeginChunk(BoundTo(_chunk));
            }

            var take = Math.Min(left.Length, ChunkBytes - _inChunk);
            output.Advance(_cipher.Encrypt(left[..take], output.GetSpan(take + OcbCipher.BlockBytes)));
            left = left[take..];
            _inChunk += take;
            _contentBytes += take;
            if (_inChunk == ChunkBytes)
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

        BeginChunk([.. BoundTo(_chunk), .. BigEndian(_contentBytes)]);
        EndChunk(output);
    }

    public void Dispose() => _cipher.Dispose();

    private void BeginChunk(byte[] associated)
    {
        var nonce = _nonce.ToArray();
        var counter = nonce.AsSpan(^8);
        BinaryPrimitives.WriteInt64BigEndian(counter, BinaryPrimitives.ReadInt64BigEndian(counter) ^ _chunk);
        _cipher.Begin(nonce, associated);
    }

    private void EndChunk(ArrayBufferWriter<byte> output)
    {
        output.Advance(_cipher.Finish(output.GetSpan(OcbCipher.BlockBytes + OcbCipher.TagBytes)));
        _chunk++;
        _inChunk = 0;
    }

    private byte[] BoundTo(long chunk) => [.. Header, .. BigEndian(chunk)];

    private static byte[] BigEndian(long value)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, value);
        return bytes;
    }
}
