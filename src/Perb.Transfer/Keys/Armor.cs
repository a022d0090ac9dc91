using System.Security.Cryptography;
using Org.BouncyCastle.Bcpg;
using Org.BouncyCastle.Bcpg.OpenPgp;

namespace Perb.Transfer.Keys;

/// <summary>
/// OpenPGP files are binary, or text with armored blocks in it. Bytes only, and wiped after use: a secret key must not stay behind in
/// strings.
/// </summary>
internal static class Armor
{
    private static readonly byte[] Begin = "-----BEGIN PGP "u8.ToArray();
    private static readonly byte[] End = "-----END PGP "u8.ToArray();

    /// <summary>The whole of a binary file, or each armored block of a text; none where it is neither.</summary>
    public static IEnumerable<Block> Blocks(ReadOnlyMemory<byte> content)
    {
        if (content.Length > 0 && (content.Span[0] & 0x80) != 0)
        {
            yield return new Block(content, IsArmored: false);
            yield break;
        }

        for (var begin = Find(content, Begin, 0); begin >= 0; begin = Find(content, Begin, begin + 1))
        {
            var end = Find(content, End, begin);
            var endOfLine = end < 0 ? -1 : Find(content, "\n"u8, end);
            yield return new Block(endOfLine < 0 ? content[begin..] : content[begin..(endOfLine + 1)], IsArmored: true);
        }
    }

    public static byte[] Write(byte[] binary)
    {
        using var text = new MemoryStream((binary.Length * 2) + 512); // large enough, as below
        using (var armored = new ArmoredOutputStream(text, addVersionHeader: false))
        {
            armored.Write(binary);
        }

        var content = text.ToArray();
        CryptographicOperations.ZeroMemory(text.GetBuffer());
        return content;
    }

    // What BouncyCastle's parsers are known to throw at damaged input; the last where a length in it claims gigabytes.
    public static bool IsParsing(Exception exception) =>
        exception is IOException or PgpException or ArgumentException or FormatException or InvalidOperationException
            or IndexOutOfRangeException or ArithmeticException or InvalidCastException or NotSupportedException
            or UnsupportedPacketVersionException or OutOfMemoryException;

    private static int Find(ReadOnlyMemory<byte> content, ReadOnlySpan<byte> what, int from)
    {
        var at = content.Span[from..].IndexOf(what);
        return at < 0 ? -1 : from + at;
    }

    public sealed record Block(ReadOnlyMemory<byte> Content, bool IsArmored)
    {
        public bool IsPrivateKey => IsArmored && Content.Span[Begin.Length..].StartsWith("PRIVATE KEY"u8);

        /// <summary>Throws what <see cref="IsParsing"/> knows.</summary>
        public byte[] ToBinary()
        {
            var text = Content.ToArray();
            if (!IsArmored)
            {
                return text;
            }

            // Large enough from the start, so that no smaller buffer is left behind in memory.
            using var binary = new MemoryStream(text.Length);
            try
            {
                using var armored = new ArmoredInputStream(new MemoryStream(text));
                armored.CopyTo(binary);
                return binary.ToArray();
            }
            finally
            {
                CryptographicOperations.ZeroMemory(text);
                CryptographicOperations.ZeroMemory(binary.GetBuffer());
            }
        }
    }
}
