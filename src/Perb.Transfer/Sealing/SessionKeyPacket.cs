using System.Buffers.Binary;
using System.Security.Cryptography;
using Org.BouncyCastle.Bcpg;
using Org.BouncyCastle.Bcpg.OpenPgp;
using Org.BouncyCastle.Crypto.Encodings;
using Org.BouncyCastle.Crypto.Engines;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Security;

namespace Perb.Transfer.Sealing;

/// <summary>
/// The public-key encrypted session key packet, version 3 (RFC 9580, 5.1). BouncyCastle has this only inside its own message
/// writer, so the packet is put together here from its primitives.
/// </summary>
internal static class SessionKeyPacket
{
    public const int KeyBytes = 32;
    public const int Tag = 1;
    public const byte Version = 3;
    private const byte Aes256 = 9;

    /// <exception cref="PgpException">The key cannot encrypt, or in a way that is not supported.</exception>
    public static byte[] For(PgpPublicKey key, ReadOnlySpan<byte> sessionKey, bool hideRecipient)
    {
        var keyId = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(keyId, hideRecipient ? 0 : key.KeyId);

        var secret = WithChecksum(sessionKey);
        try
        {
            return PacketFraming.Packet(Tag, [Version, .. keyId, (byte)key.Algorithm, .. Encrypt(key, secret)]);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }

    /// <summary>A multi-precision integer: its length in bits, then its bytes without leading zeros.</summary>
    internal static byte[] Mpi(ReadOnlySpan<byte> number)
    {
        number = number.TrimStart((byte)0);
        var bits = number.IsEmpty ? 0 : (number.Length * 8) - byte.LeadingZeroCount(number[0]);
        return [(byte)(bits >> 8), (byte)bits, .. number];
    }

    private static byte[] Encrypt(PgpPublicKey key, byte[] secret)
    {
        switch (key.Algorithm)
        {
            case PublicKeyAlgorithmTag.RsaGeneral or PublicKeyAlgorithmTag.RsaEncrypt:
                return Mpi(EncryptByRsa(key, secret));
            case PublicKeyAlgorithmTag.ElGamalEncrypt:
                var pair = EncryptByElGamal(key, secret);
                return [.. Mpi(pair.AsSpan(0, pair.Length / 2)), .. Mpi(pair.AsSpan(pair.Length / 2))];
            case PublicKeyAlgorithmTag.ECDH:
                return EcdhSessionKey.Encrypt(key, secret);
            default:
                throw new PgpException($"its algorithm {key.Algorithm} is not supported");
        }
    }

    // The platform's: BouncyCastle tests the modulus for primality each time it is handed one, some 20 ms for each volume.
    private static byte[] EncryptByRsa(PgpPublicKey key, byte[] secret)
    {
        if (key.PublicKeyPacket.Key is not RsaPublicBcpgKey material)
        {
            throw new PgpException("its RSA key cannot be read");
        }

        using var rsa = RSA.Create(new RSAParameters
        {
            Modulus = material.Modulus.ToByteArrayUnsigned(),
            Exponent = material.PublicExponent.ToByteArrayUnsigned(),
        });
        return rsa.Encrypt(secret, RSAEncryptionPadding.Pkcs1);
    }

    private static byte[] EncryptByElGamal(PgpPublicKey key, byte[] secret)
    {
        var cipher = new Pkcs1Encoding(new ElGamalEngine());
        cipher.Init(forEncryption: true, new ParametersWithRandom(key.GetKey(), new SecureRandom()));
        return cipher.ProcessBlock(secret, 0, secret.Length);
    }

    /// <summary>Algorithm, key, and the sum of the key's bytes modulo 65536.</summary>
    private static byte[] WithChecksum(ReadOnlySpan<byte> sessionKey)
    {
        var secret = new byte[1 + KeyBytes + 2];
        secret[0] = Aes256;
        sessionKey.CopyTo(secret.AsSpan(1));
        ushort sum = 0;
        foreach (var value in sessionKey)
        {
            sum += value;
        }

        BinaryPrimitives.WriteUInt16BigEndian(secret.AsSpan(1 + KeyBytes), sum);
        return secret;
    }
}
