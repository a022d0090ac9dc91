using System.Text;
using Org.BouncyCastle.Bcpg;
using Org.BouncyCastle.Bcpg.OpenPgp;

namespace Perb.Transfer.Keys;

/// <summary>
/// Reads the one public key that a file holds. Every armored block is looked at: a private key behind a public one must not go
/// unnoticed.
/// </summary>
internal static class KeyFile
{
    private const int MaxBytes = 8 << 20;

    // Fewer than any key has, and enough for the header of every packet.
    private const int ShortestKeyBytes = 10;
    private const string Begin = "-----BEGIN PGP ";
    private const string End = "-----END PGP ";

    /// <exception cref="UnusableKeyException">Unreadable, not a key, a private key, or several keys.</exception>
    public static PgpPublicKeyRing Read(string file)
    {
        var rings = Blocks(Bytes(file)).SelectMany(Rings).ToList();
        var keys = rings.GroupBy(ring => Fingerprint(ring.GetPublicKey())).ToList();
        return keys.Count switch
        {
            0 => throw new UnusableKeyException("is not an OpenPGP public key"),
            1 => keys[0].Aggregate(Join),
            _ => throw new UnusableKeyException(
                $"holds {keys.Count} keys ({string.Join(", ", keys.Take(5).Select(key => key.Key))}); one key per file"),
        };
    }

    public static string Fingerprint(PgpPublicKey key) => Convert.ToHexString(key.GetFingerprint());

    private static byte[] Bytes(string file)
    {
        try
        {
            var info = new FileInfo(file);
            if (info.Exists && info.Length > MaxBytes)
            {
                throw new UnusableKeyException($"has {info.Length} bytes: too large for a public key");
            }

            return File.ReadAllBytes(file);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new UnusableKeyException("is not there");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UnusableKeyException($"cannot be read: {Printable.Clean(exception.Message, 120)}");
        }
    }

    /// <summary>The binary content of the file, or of each armored block in it.</summary>
    private static IEnumerable<byte[]> Blocks(byte[] content)
    {
        if (content.Length > 0 && (content[0] & 0x80) != 0)
        {
            yield return content;
            yield break;
        }

        var text = Encoding.Latin1.GetString(content);
        for (var begin = text.IndexOf(Begin, StringComparison.Ordinal); begin >= 0;
            begin = text.IndexOf(Begin, begin + 1, StringComparison.Ordinal))
        {
            if (text.AsSpan(begin + Begin.Length).StartsWith("PRIVATE KEY"))
            {
                throw PrivateKey();
            }

            var end = text.IndexOf(End, begin, StringComparison.Ordinal);
            var endOfLine = end < 0 ? -1 : text.IndexOf('\n', end);
            yield return Dearmor(Encoding.Latin1.GetBytes(endOfLine < 0 ? text[begin..] : text[begin..(endOfLine + 1)]));
        }
    }

    private static byte[] Dearmor(byte[] block)
    {
        try
        {
            using var armored = new ArmoredInputStream(new MemoryStream(block));
            using var binary = new MemoryStream();
            armored.CopyTo(binary);
            return binary.ToArray();
        }
        catch (Exception exception) when (IsParsing(exception))
        {
            throw Unreadable(exception);
        }
    }

    private static List<PgpPublicKeyRing> Rings(byte[] block)
    {
        RequireVersion4(block);
        var rings = new List<PgpPublicKeyRing>();
        try
        {
            var factory = new PgpObjectFactory(block);
            while (factory.NextPgpObject() is { } item)
            {
                rings.Add(item switch
                {
                    PgpPublicKeyRing ring => ring,
                    PgpSecretKeyRing or PgpSecretKey => throw PrivateKey(),
                    _ => throw new UnusableKeyException("holds something that is not an OpenPGP public key"),
                });
            }
        }
        catch (Exception exception) when (IsParsing(exception))
        {
            throw Unreadable(exception);
        }

        return rings;
    }

    /// <summary>Looks at the first packet by itself, for BouncyCastle only says "unknown" of what it cannot parse.</summary>
    private static void RequireVersion4(byte[] block)
    {
        if (block.Length < ShortestKeyBytes)
        {
            throw new UnusableKeyException("is not an OpenPGP public key");
        }

        var isNewFormat = (block[0] & 0x40) != 0;
        var tag = (PacketTag)(isNewFormat ? block[0] & 0x3F : (block[0] >> 2) & 0x0F);
        if (tag is PacketTag.SecretKey or PacketTag.SecretSubkey)
        {
            throw PrivateKey();
        }

        var lengthOctets = isNewFormat
            ? block[1] switch { < 192 => 1, 255 => 5, _ => 2 }
            : 1 << (block[0] & 0x03);
        var version = block[1 + lengthOctets];
        if (tag == PacketTag.PublicKey && version != 4)
        {
            throw new UnusableKeyException($"is a version {version} key, which not every gpg can read; only version 4 is supported");
        }
    }

    private static PgpPublicKeyRing Join(PgpPublicKeyRing first, PgpPublicKeyRing second) => PgpPublicKeyRing.Join(first, second);

    private static UnusableKeyException PrivateKey() => new(
        "holds a PRIVATE key. It must never be on this node: delete the file, and export the public key with gpg --export --armor");

    private static UnusableKeyException Unreadable(Exception cause) =>
        new($"is not an OpenPGP public key that can be read ({Printable.Clean(cause.Message, 120)})");

    // What BouncyCastle's parsers are known to throw at damaged input.
    private static bool IsParsing(Exception exception) =>
        exception is IOException or PgpException or ArgumentException or FormatException or InvalidOperationException
            or IndexOutOfRangeException or ArithmeticException or InvalidCastException or NotSupportedException
            or UnsupportedPacketVersionException;
}
