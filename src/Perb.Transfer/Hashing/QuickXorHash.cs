using System.Buffers.Binary;

namespace Perb.Transfer.Hashing;

/// <summary>
/// OneDrive's QuickXorHash: byte i is XORed into a ring of 160 bits at bit 11·i, and the length into the last 8 of the 20
/// bytes. Since 11·160 bits are whole turns of the ring, byte i and byte i+160 meet at the same place: the bulk is a plain XOR of
/// 160-byte rows, and only their sum is spread over the ring at the end.
/// </summary>
internal sealed class QuickXorHash : RunningHash
{
    private const int RowBytes = 160;
    private const int RingBits = 160;
    private const int Shift = 11;
    private readonly byte[] _row = new byte[RowBytes];
    private ulong _length;

    public override void Append(ReadOnlySpan<byte> data)
    {
        while (!data.IsEmpty)
        {
            var at = (int)(_length % RowBytes);
            var take = Math.Min(data.Length, RowBytes - at);
            var meeting = _row.AsSpan(at, take);
            ExclusiveOr.Of(data[..take], meeting, meeting);
            _length += (ulong)take;
            data = data[take..];
        }
    }

    public override string Finish()
    {
        Span<byte> ring = stackalloc byte[RingBits / 8];
        ring.Clear();
        for (var i = 0; i < RowBytes; i++)
        {
            var bit = i * Shift % RingBits;
            var (cell, within) = (bit / 8, bit % 8);
            ring[cell] ^= (byte)(_row[i] << within);
            ring[(cell + 1) % ring.Length] ^= (byte)(_row[i] >> (8 - within));
        }

        var tail = ring[^8..];
        BinaryPrimitives.WriteUInt64LittleEndian(tail, BinaryPrimitives.ReadUInt64LittleEndian(tail) ^ _length);
        return Convert.ToHexStringLower(ring);
    }

    public override void Dispose()
    {
        // Nothing but managed memory; the base asks because the other hashes hold a context of the platform.
    }
}
