using System.Security.Cryptography;
using Org.BouncyCastle.Bcpg;
using Org.BouncyCastle.Bcpg.OpenPgp;
using Org.BouncyCastle.Bcpg.Sig;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Security;
using Perb.Transfer.Keys;
using Perb.Transfer.Staging;

namespace Perb.Transfer.Signing;

/// <summary>
/// Makes a node's signing key, as <c>gpg --quick-generate-key NAME ed25519 sign never</c> would without a passphrase: one Ed25519 key that
/// certifies and signs.
/// </summary>
public static class NewSigningKey
{
    /// <summary>Writes the secret key, armored and with mode 0600, and reads it back.</summary>
    /// <param name="path">Where nothing is yet: a key is never written over.</param>
    /// <param name="userId">Such as <c>Perb on pve1</c>.</param>
    /// <param name="now">When it is made.</param>
    /// <param name="cancellationToken">Until it has its name.</param>
    /// <exception cref="SignerException">There is something at that place already.</exception>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static Task<SigningKey> CreateAsync(string path, string userId, DateTimeOffset now, CancellationToken cancellationToken) =>
        CreateAsync(path, userId, now, owner: null, cancellationToken);

    /// <param name="path">Where nothing is yet: a key is never written over.</param>
    /// <param name="userId">Such as <c>Perb on pve1</c>.</param>
    /// <param name="now">When it is made.</param>
    /// <param name="owner">Whose it is from the first moment on; null: who makes it. Only root can give it away.</param>
    /// <param name="cancellationToken">Until it has its name.</param>
    /// <inheritdoc cref="CreateAsync(string, string, DateTimeOffset, CancellationToken)"/>
    public static async Task<SigningKey> CreateAsync(
        string path, string userId, DateTimeOffset now, (uint User, uint Group)? owner, CancellationToken cancellationToken)
    {
        if (Path.Exists(path))
        {
            throw new SignerException(path, "is there already: a key is not written over; move it away, or use it");
        }

        var secret = Generate(userId, now);
        var armored = Armor.Write(secret);
        try
        {
            using var file = StagedFile.Create(Path.GetDirectoryName(Path.GetFullPath(path))!, Path.GetFileName(path));
            if (owner is { } other)
            {
                file.GiveTo(other.User, other.Group, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            }

            await file.WriteAsync(armored, cancellationToken);
            await file.CommitAsync(armored.Length, cancellationToken);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
            CryptographicOperations.ZeroMemory(armored);
        }

        return SigningKey.Load(path, groupMayRead: false, now);
    }

    private static byte[] Generate(string userId, DateTimeOffset now)
    {
        var random = new SecureRandom();
        var pair = new PgpKeyPair(PublicKeyAlgorithmTag.EdDsa_Legacy, Ed25519(random), now.UtcDateTime);
        var hashed = new PgpSignatureSubpacketGenerator();
        hashed.SetKeyFlags(isCritical: false, PgpKeyFlags.CanCertify | PgpKeyFlags.CanSign);
        hashed.SetPreferredSymmetricAlgorithms(isCritical: false, [(int)SymmetricKeyAlgorithmTag.Aes256, (int)SymmetricKeyAlgorithmTag.Aes128]);
        hashed.SetPreferredHashAlgorithms(isCritical: false, [(int)HashAlgorithmTag.Sha512, (int)HashAlgorithmTag.Sha256]);
        hashed.SetPreferredCompressionAlgorithms(isCritical: false, [(int)CompressionAlgorithmTag.Uncompressed]);
        hashed.SetFeature(isCritical: false, Features.FEATURE_MODIFICATION_DETECTION);
        hashed.SetIssuerFingerprint(isCritical: false, pair.PublicKey);
        return new PgpKeyRingGenerator(
            PgpSignature.PositiveCertification, pair, userId, SymmetricKeyAlgorithmTag.Null, HashAlgorithmTag.Sha512, rawPassPhrase: null,
            useSha1: false, hashed.Generate(), unhashedPackets: null, random).GenerateSecretKeyRing().GetEncoded();
    }

    // A seed that begins with a zero byte is written shorter, as all OpenPGP numbers are; not every program is known to read that.
    private static AsymmetricCipherKeyPair Ed25519(SecureRandom random)
    {
        var generator = new Ed25519KeyPairGenerator();
        generator.Init(new Ed25519KeyGenerationParameters(random));
        while (true)
        {
            var pair = generator.GenerateKeyPair();
            if (((Ed25519PrivateKeyParameters)pair.Private).GetEncoded()[0] != 0)
            {
                return pair;
            }
        }
    }
}
