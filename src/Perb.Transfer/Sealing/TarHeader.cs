using System.Text;

namespace Perb.Transfer.Sealing;

/// <summary>
/// The header blocks of one regular file, mode 0644, root:root. Plain ustar; a pax record comes before it where a size or name
/// does not fit. Written here because <c>TarWriter</c> gives header and content only together.
/// </summary>
internal static class TarHeader
{
    public const int BlockBytes = 512;
    private const int NameBytes = 100;
    private const long LargestOctalSize = 8L * 1024 * 1024 * 1024 - 1;

    /// <exception cref="ArgumentException">A name that is empty or has a folder or a control character in it.</exception>
    public static byte[] For(string name, long sizeBytes, DateTimeOffset modifiedAt)
    {
        if (name is "" or "." or ".." || name.Any(letter => letter == '/' || char.IsControl(letter)))
        {
            throw new ArgumentException("A tar entry needs a plain file name", nameof(name));
        }

        ArgumentOutOfRangeException.ThrowIfNegative(sizeBytes);
        var seconds = Math.Clamp(modifiedAt.ToUnixTimeSeconds(), 0, LargestOctalSize);
        var utf8 = Encoding.UTF8.GetBytes(name);
        var records = new List<byte>();
        if (utf8.Length > NameBytes || !Ascii.IsValid(name))
        {
            records.AddRange(PaxRecord("path", name));
        }

        if (sizeBytes > LargestOctalSize)
        {
            records.AddRange(PaxRecord("size", sizeBytes.ToString()));
        }

        var header = Block(utf8, '0', sizeBytes > LargestOctalSize ? 0 : sizeBytes, seconds);
        return records.Count == 0
            ? header
            : [.. Block("PaxHeader"u8, 'x', records.Count, seconds), .. records, .. Padding(records.Count), .. header];
    }

    /// <summary>The zeros that fill the last block of an entry.</summary>
    public static byte[] Padding(long sizeBytes) => new byte[(int)((BlockBytes - sizeBytes % BlockBytes) % BlockBytes)];

    private static byte[] Block(ReadOnlySpan<byte> name, char type, long sizeBytes, long modifiedSeconds)
    {
        var block = new byte[BlockBytes];
        name[..Math.Min(name.Length, NameBytes)].CopyTo(block);
        Octal(block.AsSpan(100, 8), type == 'x' ? 0 : Convert.ToInt64("644", 8));
        Octal(block.AsSpan(108, 8), 0);
        Octal(block.AsSpan(116, 8), 0);
        Octal(block.AsSpan(124, 12), sizeBytes);
        Octal(block.AsSpan(136, 12), modifiedSeconds);
        block[156] = (byte)type;
        "ustar\000"u8.CopyTo(block.AsSpan(257));
        "root"u8.CopyTo(block.AsSpan(265));
        "root"u8.CopyTo(block.AsSpan(297));

        // The checksum counts its own field as spaces and ends in NUL, space.
        block.AsSpan(148, 8).Fill((byte)' ');
        Octal(block.AsSpan(148, 7), block.Sum(value => (long)value));
        return block;
    }

    /// <summary>Octal digits that fill the field up to its closing NUL.</summary>
    private static void Octal(Span<byte> field, long value)
    {
        for (var i = field.Length - 2; i >= 0; i--, value >>= 3)
        {
            field[i] = (byte)('0' + (value & 7));
        }

        field[^1] = 0;
    }

    /// <summary>"LENGTH key=value\n", where LENGTH counts its own digits too.</summary>
    private static byte[] PaxRecord(string key, string value)
    {
        var rest = $" {key}={value}\n";
        var restBytes = Encoding.UTF8.GetByteCount(rest);
        var length = restBytes + 1;
        while (length != restBytes + length.ToString().Length)
        {
            length = restBytes + length.ToString().Length;
        }

        return Encoding.UTF8.GetBytes(length + rest);
    }
}
