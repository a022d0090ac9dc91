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

    /// <param name="file">Armored or binary.</param>
    /// <param name="ifPrivate">What to do about a private key.</param>
    /// <exception cref="UnusableKeyException">Unreadable, not a key, a private key, or several keys.</exception>
    public static PgpPublicKeyRing Read(string file, string ifPrivate)
    {
        var rings = Armor.Blocks(Bytes(file)).SelectMany(block => Rings(block, ifPrivate)).ToList();
        var keys = rings.GroupBy(ring => Fingerprint(ring.GetPublicKey())).ToList();
        return keys.Count switch
        {
            0 => throw new UnusableKeyException("is not an OpenPGP public key"),
            1 => keys[0].Aggregate(Join),
            _ => throw Several(keys.Select(key => key.Key)),
        };
    }

    public static string Fingerprint(PgpPublicKey key) => Convert.ToHexString(key.GetFingerprint());

    public static UnusableKeyException Several(IEnumerable<string> fingerprints)
    {
        var all = fingerprints.ToList();
        return new UnusableKeyException($"holds {all.Count} keys ({string.Join(", ", all.Take(5))}); one key per file");
    }

    public static UnusableKeyException WrongVersion(int version) =>
        new($"is a version {version} key, which not every gpg can read; only version 4 is supported");

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

    private static List<PgpPublicKeyRing> Rings(Armor.Block block, string ifPrivate)
    {
        if (block.IsPrivateKey)
        {
            throw PrivateKey(ifPrivate);
        }

        var rings = new List<PgpPublicKeyRing>();
        try
        {
            var packets = block.ToBinary();
            RequireVersion4(packets, ifPrivate);
            var factory = new PgpObjectFactory(packets);
            while (factory.NextPgpObject() is { } item)
            {
                rings.Add(item switch
                {
                    PgpPublicKeyRing ring => ring,
                    PgpSecretKeyRing or PgpSecretKey => throw PrivateKey(ifPrivate),
                    _ => throw new UnusableKeyException("holds something that is not an OpenPGP public key"),
                });
            }
        }
        catch (Exception exception) when (Armor.IsParsing(exception))
        {
            throw new UnusableKeyException($"is not an OpenPGP public key that can be read ({Printable.Clean(exception.Message, 120)})");
        }

        return rings;
    }

    private static void RequireVersion4(byte[] packets, string ifPrivate)
    {
        var head = PacketHead.Of(packets) ?? throw new UnusableKeyException("is not an OpenPGP public key");
        if (head.IsSecretKey)
        {
            throw PrivateKey(ifPrivate);
        }

        if (head.Tag == PacketTag.PublicKey && head.Version != 4)
        {
            throw WrongVersion(head.Version);
        }
    }

    private static PgpPublicKeyRing Join(PgpPublicKeyRing first, PgpPublicKeyRing second) => PgpPublicKeyRing.Join(first, second);

    private static UnusableKeyException PrivateKey(string remedy) => new($"holds a PRIVATE key. {remedy}");
}
