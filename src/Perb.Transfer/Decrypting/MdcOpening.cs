using System.Security.Cryptography;
using Perb.Transfer.Sealing;

namespace Perb.Transfer.Decrypting;

/// <summary>
/// Opens a SEIPD packet of version 1 (docs/FORMAT.md, 4.2). Its bytes are right only once all of them were: what comes out before is to be kept back,
/// or proven otherwise.
/// </summary>
internal sealed class MdcOpening(byte[] sessionKey, long literalBytes) : IContentOpening
{
    private readonly CfbCipher _cipher = new(sessionKey, CipherDirection.Decrypt);
    private readonly IncrementalHash _sha1 = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
    private readonly byte[] _end = new byte[MdcPacket.MdcHead.Length + SHA1.HashSizeInBytes];
    private long _digestedBytes;
    private bool _isBegun;

    public int PrefixBytes => MdcPacket.PrefixBytes;

    public long ReleasedBytes => long.MaxValue;

    private long EndAt => PrefixBytes + literalBytes;

    public int Decrypt(ReadOnlyMemory<byte> body, Span<byte> plain)
    {
        if (!_isBegun && !body.IsEmpty)
        {
            _isBegun = body.Span[0] == MdcPacket.Version ? true : throw new InvalidDataException("its packet has a version that is not known");
            body = body[1..];
        }

        _cipher.Transform(body, plain);
        Digest(plain[..body.Length]);
        return body.Length;
    }

    public void Finish()
    {
        var head = _end.AsSpan(0, MdcPacket.MdcHead.Length);
        var sum = _end.AsSpan(MdcPacket.MdcHead.Length);
        _sha1.AppendData(head);
        if (_digestedBytes != EndAt + _end.Length
            || !head.SequenceEqual(MdcPacket.MdcHead)
            || !CryptographicOperations.FixedTimeEquals(_sha1.GetHashAndReset(), sum))
        {
            throw new InvalidDataException("its content is not what was encrypted (MDC)");
        }
    }

    public void Dispose()
    {
        _cipher.Dispose();
        _sha1.Dispose();
    }

    /// <summary>All but the MDC's own bytes, which are kept.</summary>
    private void Digest(ReadOnlySpan<byte> plain)
    {
        var hashed = (int)Math.Clamp(EndAt - _digestedBytes, 0, plain.Length);
        _sha1.AppendData(plain[..hashed]);
        plain[hashed..].CopyTo(_end.AsSpan((int)Math.Max(0, _digestedBytes - EndAt)));
        _digestedBytes += plain.Length;
    }
}
