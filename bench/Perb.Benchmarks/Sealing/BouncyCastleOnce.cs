using Org.BouncyCastle.Bcpg;
using Org.BouncyCastle.Bcpg.OpenPgp;
using Org.BouncyCastle.Security;

namespace Perb.Benchmarks.Sealing;

/// <summary>The same archive through BouncyCastle's own generators, as PgpCore drives them: the library way that Perb does not take.</summary>
internal static class BouncyCastleOnce
{
    private const int BufferBytes = 1 << 20;

    public static void Run(FileInfo source, DirectoryInfo output, FileInfo key)
    {
        using var keyStream = PgpUtilities.GetDecoderStream(key.OpenRead());
        var recipient = new PgpPublicKeyRing(keyStream).GetPublicKeys().Last(candidate => candidate.IsEncryptionKey);
        var generator = new PgpEncryptedDataGenerator(SymmetricKeyAlgorithmTag.Aes256, withIntegrityPacket: true, new SecureRandom());
        generator.AddMethod(recipient);

        using var from = source.OpenRead();
        using var to = File.Create(Path.Combine(output.FullName, "bouncycastle.pgp"), BufferBytes);
        using var encrypted = generator.Open(to, new byte[BufferBytes]);
        using var literal = new PgpLiteralDataGenerator().Open(
            encrypted, PgpLiteralData.Binary, source.Name, DateTime.UnixEpoch, new byte[BufferBytes]);
        from.CopyTo(literal, BufferBytes);
    }
}
