using Perb.Transfer.Sealing;

namespace Perb.Transfer.Decrypting;

/// <summary>
/// Opens GnuPG's AEAD packet (docs/FORMAT.md, 4.3), chunk by chunk: each is released when its tag was right, and the last tag says that none is missing.
/// </summary>
internal sealed class OcbOpening(byte[] sessionKey, long literalBytes) : IContentOpening
{
    private readonly OcbCipher _cipher = new(sessionKey, CipherDirection.Decrypt);
    private readonly byte[] _head = new byte[OcbChunks.BodyHead.Length + OcbCipher.NonceBytes];
    private readonly byte[] _tag = new byte[OcbCipher.TagBytes];
    private OcbChunks? _chunks;
    private int _headBytes;
    private int _chunkBytes;
    private int _tagBytes;
    private bool _isWhole;

    public int PrefixBytes => 0;

    public long ReleasedBytes { get; private set; }

    private int ChunkLength => (int)Math.Min(OcbChunks.ChunkBytes, literalBytes - ReleasedBytes);

    public int Decrypt(ReadOnlyMemory<byte> body, Span<byte> plain)
    {
        var left = body.Span;
        var written = 0;
        while (!left.IsEmpty)
        {
            var take = Math.Min(left.Length, _chunks is null ? _head.Length - _headBytes
                : _chunkBytes < ChunkLength ? ChunkLength - _chunkBytes
                : _tag.Length - _tagBytes);
            written += Take(left[..take], plain[written..]);
            left = left[take..];
        }

        return written;
    }

    public void Finish()
    {
        if (!_isWhole)
        {
            throw new InvalidDataException("its last chunk is missing");
        }
    }

    public void Dispose() => _cipher.Dispose();

    /// <summary>All of it belongs to one part: the head, a chunk, or its tag.</summary>
    private int Take(ReadOnlySpan<byte> bytes, Span<byte> plain)
    {
        if (_isWhole)
        {
            throw new InvalidDataException("something follows its last chunk");
        }

        if (_chunks is null)
        {
            bytes.CopyTo(_head.AsSpan(_headBytes));
            _headBytes += bytes.Length;
            if (_headBytes == _head.Length)
            {
                Begin();
            }

            return 0;
        }

        if (_chunkBytes < ChunkLength)
        {
            _chunkBytes += bytes.Length;
            return _cipher.Transform(bytes, plain);
        }

        bytes.CopyTo(_tag.AsSpan(_tagBytes));
        _tagBytes += bytes.Length;
        return _tagBytes == _tag.Length ? EndChunk(_chunks, plain) : 0;
    }

    private void Begin()
    {
        if (!_head.AsSpan().StartsWith(OcbChunks.BodyHead))
        {
            throw new InvalidDataException("its packet has a version, a cipher or chunks that are not ours");
        }

        _chunks = new OcbChunks(_head[OcbChunks.BodyHead.Length..]);
        BeginChunk(_chunks);
    }

    private void BeginChunk(OcbChunks chunks)
    {
        (_chunkBytes, _tagBytes) = (0, 0);
        if (ChunkLength > 0)
        {
            chunks.Begin(_cipher);
        }
        else
        {
            chunks.BeginLast(_cipher, literalBytes);
        }
    }

    private int EndChunk(OcbChunks chunks, Span<byte> plain)
    {
        var written = _cipher.FinishIfTagIs(_tag, plain) ?? throw new InvalidDataException("a chunk is not what was encrypted (OCB)");
        if (_chunkBytes == 0)
        {
            _isWhole = true;
            return written;
        }

        ReleasedBytes += _chunkBytes;
        chunks.Ended();
        BeginChunk(chunks);
        return written;
    }
}
