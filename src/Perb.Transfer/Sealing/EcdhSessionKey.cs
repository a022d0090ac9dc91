using System.Security.Cryptography;
using System.Text;
using Org.BouncyCastle.Bcpg;
using Org.BouncyCastle.Bcpg.OpenPgp;
using Org.BouncyCastle.Crypto.Agreement;
using Org.BouncyCastle.Crypto.Engines;
using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Security;
using Org.BouncyCastle.Utilities;

namespace Perb.Transfer.Sealing;

/// <summary>ECDH as in RFC 6637 and RFC 9580, 11.5: Curve25519, the NIST and Brainpool curves, secp256k1.</summary>
internal static class EcdhSessionKey
{
    private const string Curve25519 = "1.3.6.1.4.1.3029.1.5.1";
    private const byte NativePoint = 0x40;
    private static readonly byte[] AnonymousSender = Encoding.ASCII.GetBytes("Anonymous Sender    ");

    /// <exception cref="PgpException">A curve, hash or cipher that is not supported.</exception>
    public static byte[] Encrypt(PgpPublicKey key, byte[] secret)
    {
        if (key.PublicKeyPacket.Key is not ECDHPublicBcpgKey material)
        {
            throw new PgpException("its ECDH key cannot be read");
        }

        var (point, shared) = material.CurveOid.Id == Curve25519 ? AgreeOnCurve25519(material) : AgreeOnCurve(key);
        var wrap = new AesWrapEngine();
        wrap.Init(forWrapping: true, new KeyParameter(WrappingKey(key, material, shared)));
        var padded = Pad(secret);
        var wrapped = wrap.Wrap(padded, 0, padded.Length);
        CryptographicOperations.ZeroMemory(padded);
        CryptographicOperations.ZeroMemory(shared);
        return [.. SessionKeyPacket.Mpi(point), checked((byte)wrapped.Length), .. wrapped];
    }

    private static (byte[] Point, byte[] Shared) AgreeOnCurve25519(ECDHPublicBcpgKey material)
    {
        var encoded = material.EncodedPoint.ToByteArrayUnsigned();
        if (encoded.Length != 1 + X25519PublicKeyParameters.KeySize || encoded[0] != NativePoint)
        {
            throw new PgpException("its Curve25519 point is malformed");
        }

        var ephemeral = new X25519PrivateKeyParameters(new SecureRandom());
        var shared = new byte[X25519PrivateKeyParameters.SecretSize];
        ephemeral.GenerateSecret(new X25519PublicKeyParameters(encoded, 1), shared, 0);
        return ([NativePoint, .. ephemeral.GeneratePublicKey().GetEncoded()], shared);
    }

    private static (byte[] Point, byte[] Shared) AgreeOnCurve(PgpPublicKey key)
    {
        if (key.GetKey() is not ECPublicKeyParameters recipient)
        {
            throw new PgpException("its curve is not supported");
        }

        var generator = new ECKeyPairGenerator();
        generator.Init(new ECKeyGenerationParameters(recipient.Parameters, new SecureRandom()));
        var ephemeral = generator.GenerateKeyPair();
        var agreement = new ECDHBasicAgreement();
        agreement.Init(ephemeral.Private);
        return (
            ((ECPublicKeyParameters)ephemeral.Public).Q.GetEncoded(compressed: false),
            BigIntegers.AsUnsignedByteArray(agreement.GetFieldSize(), agreement.CalculateAgreement(recipient)));
    }

    /// <summary>One round of the concatenation KDF, bound to the curve, the recipient's key and how that key wants it done.</summary>
    private static byte[] WrappingKey(PgpPublicKey key, ECDHPublicBcpgKey material, byte[] shared)
    {
        byte[] oid = material.CurveOid.GetEncoded()[1..];
        byte[] parameters =
        [
            .. oid, (byte)PublicKeyAlgorithmTag.ECDH,
            3, 1, (byte)material.HashAlgorithm, (byte)material.SymmetricKeyAlgorithm,
            .. AnonymousSender, .. key.GetFingerprint(),
        ];
        byte[] input = [0, 0, 0, 1, .. shared, .. parameters];
        var hash = material.HashAlgorithm switch
        {
            HashAlgorithmTag.Sha256 => SHA256.HashData(input),
            HashAlgorithmTag.Sha384 => SHA384.HashData(input),
            HashAlgorithmTag.Sha512 => SHA512.HashData(input),
            _ => throw new PgpException($"its key derivation hash {material.HashAlgorithm} is not supported"),
        };
        return material.SymmetricKeyAlgorithm switch
        {
            SymmetricKeyAlgorithmTag.Aes128 => hash[..16],
            SymmetricKeyAlgorithmTag.Aes192 => hash[..24],
            SymmetricKeyAlgorithmTag.Aes256 => hash[..32],
            _ => throw new PgpException($"its key wrapping cipher {material.SymmetricKeyAlgorithm} is not supported"),
        };
    }

    /// <summary>To whole blocks of 8, each added byte telling how many were added.</summary>
    private static byte[] Pad(byte[] secret)
    {
        var added = (byte)(8 - (secret.Length % 8));
        return [.. secret, .. Enumerable.Repeat(added, added)];
    }
}
