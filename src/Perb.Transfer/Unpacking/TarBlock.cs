using System.Buffers.Binary;
using System.Text;

namespace Perb.Transfer.Unpacking;

/// <summary>One header block (POSIX ustar, and GNU's form of large numbers).</summary>
internal sealed class TarBlock
{
    public const int Bytes = 512;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private TarBlock(string name, long sizeBytes, long modifiedSeconds, char type) =>
        (Name, SizeBytes, ModifiedSeconds, Type) = (name, sizeBytes, modifiedSeconds, type);

    public string Name { get; }

    public long SizeBytes { get; }

    public long ModifiedSeconds { get; }

    public char Type { get; }

    public bool IsFile => Type is '0' or '\0';

    /// <summary>What kind of entry it is, for a message.</summary>
    public string TypeInWords => Type switch
    {
        '1' or '2' => "a link",
        '3' or '4' => "a device",
        '5' => "a directory",
        '6' => "a FIFO",
        _ => $"of type {(char.IsAsciiLetterOrDigit(Type) ? Type.ToString() : $"0x{(int)Type:x2}")}",
    };

    /// <summary>Whether the checksum is right: then it is a tar, whatever else.</summary>
    public static bool IsHeader(ReadOnlySpan<byte> block)
    {
        if (block.Length < Bytes || !TryNumber(block[148..156], out var expected))
        {
            return false;
        }

        var sum = 0L;
        for (var at = 0; at < Bytes; at++)
        {
            sum += at is >= 148 and < 156 ? ' ' : block[at];
        }

        return sum == expected;
    }

    /// <exception cref="TarException">It is none.</exception>
    public static TarBlock Read(ReadOnlySpan<byte> block)
    {
        if (!IsHeader(block))
        {
            throw new TarException("the tar is damaged: a header's checksum is wrong");
        }

        if (!TryNumber(block[124..136], out var size) || size < 0 || !TryNumber(block[136..148], out var modified))
        {
            throw new TarException("the tar is damaged: a header has a size or time that is no number");
        }

        try
        {
            // GNU's own headers ("ustar  ") use the prefix's place for other things.
            var prefix = block[257..263].SequenceEqual("ustar\0"u8) ? Text(block[345..500]) : "";
            var name = Text(block[..100]);
            return new TarBlock(prefix.Length == 0 ? name : $"{prefix}/{name}", size, modified, (char)block[156]);
        }
        catch (DecoderFallbackException)
        {
            throw new TarException("the tar holds a name that is no UTF-8");
        }
    }

    public static string Decode(ReadOnlySpan<byte> utf8)
    {
        try
        {
            return Strict.GetString(utf8);
        }
        catch (DecoderFallbackException)
        {
            throw new TarException("the tar holds a name that is no UTF-8");
        }
    }

    private static string Text(ReadOnlySpan<byte> field)
    {
        var end = field.IndexOf((byte)0);
        return Strict.GetString(end < 0 ? field : field[..end]);
    }

    /// <summary>Octal digits, or after an octet 0x80 a binary number that fills the field.</summary>
    private static bool TryNumber(ReadOnlySpan<byte> field, out long number)
    {
        number = 0;
        if (field[0] == 0x80)
        {
            number = BinaryPrimitives.ReadInt64BigEndian(field[^8..]);
            return field[1..^8].IndexOfAnyExcept((byte)0) < 0;
        }

        var digits = field.Trim(" \0"u8);
        foreach (var digit in digits)
        {
            if (digit is < (byte)'0' or > (byte)'7')
            {
                return false;
            }

            number = (number << 3) + (digit - '0');
        }

        return digits.Length <= 20; // none at all: 0, as some programs write it
    }
}
