using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Org.BouncyCastle.Crypto.Engines;
using Org.BouncyCastle.Crypto.Modes;
using Org.BouncyCastle.Crypto.Parameters;

namespace Perb.TestKit.OpenPgp;

/// <summary>What a volume says once it is decrypted.</summary>
public sealed record OpenedMessage(int Tag, IReadOnlyList<string> KeyIds, string Name, byte[] Content);

/// <summary>
/// Decrypts what Perb seals, written a second time from docs/FORMAT.md and with other building blocks than Perb's: RSA of the platform,
/// CFB of the platform in one piece, OCB of BouncyCastle. Anything that deviates from the format is a <see cref="FormatException"/>.
/// </summary>
public static class MessageOpener
{
    private const int OcbTagBytes = 16;
    private static readonly byte[] MdcHeader = [0xD3, 0x14];

    /// <param name="message">The whole volume.</param>
    /// <param name="key">The secret key of one recipient; must be able to open exactly one of the session key packets.</param>
    public static OpenedMessage Open(byte[] message, RSA key)
    {
        var packets = PacketReader.Read(message);
        var (sessionKeys, encrypted) = (packets[..^1], packets[^1]);
        var sessionKey = SessionKeyOf(sessionKeys, key);
        var plain = encrypted.Tag switch
        {
            18 => OpenMdc(encrypted.Body, sessionKey),
            20 => OpenOcb(encrypted.Body, sessionKey),
            _ => throw new FormatException($"tag {encrypted.Tag}"),
        };
        var literal = PacketReader.Read(plain).Single();
        Require(literal.Tag == 11 && literal.Body[0] == 'b', "one literal packet, binary");
        var nameBytes = literal.Body[1];
        Require(literal.Body.AsSpan(2 + nameBytes, 4).SequenceEqual(new byte[4]), "date 0");
        return new OpenedMessage(
            encrypted.Tag,
            [.. sessionKeys.Select(packet => Convert.ToHexString(packet.Body.AsSpan(1, 8)))],
            Encoding.UTF8.GetString(literal.Body, 2, nameBytes),
            literal.Body[(6 + nameBytes)..]);
    }

    /// <summary>The key of its encrypted packet.</summary>
    public static byte[] SessionKeyOf(byte[] message, RSA key) => SessionKeyOf(PacketReader.Read(message)[..^1], key);

    private static byte[] SessionKeyOf(List<RawPacket> packets, RSA key)
    {
        Require(packets.Count > 0 && packets.All(packet => packet.Tag == 1), "session key packets come first");
        var opened = packets.Select(packet => SessionKey(packet.Body, key)).OfType<byte[]>().ToList();
        Require(opened.Count == 1, "one session key packet is for this key");
        return opened[0];
    }

    private static byte[]? SessionKey(byte[] body, RSA key)
    {
        Require(body[0] == 3 && body[9] == 1, "version 3, RSA");
        var bits = BinaryPrimitives.ReadUInt16BigEndian(body.AsSpan(10));
        var number = body.AsSpan(12);
        Require(number.Length == (bits + 7) / 8 && bits == number.Length * 8 - byte.LeadingZeroCount(number[0]), "a number without leading zeros");
        var padded = new byte[key.KeySize / 8];
        number.CopyTo(padded.AsSpan(padded.Length - number.Length));
        byte[] secret;
        try
        {
            secret = key.Decrypt(padded, RSAEncryptionPadding.Pkcs1);
        }
        catch (CryptographicException)
        {
            return null;
        }

        // The platform answers a wrong key with noise rather than with an error.
        return secret.Length == 35
            && secret[0] == 9
            && secret[1..33].Sum(value => value) % 65536 == BinaryPrimitives.ReadUInt16BigEndian(secret.AsSpan(33))
            ? secret[1..33]
            : null;
    }

    private static byte[] OpenMdc(byte[] body, byte[] sessionKey)
    {
        Require(body[0] == 1, "version 1");
        using var aes = Aes.Create();
        aes.Key = sessionKey;
        var cipherBytes = body.Length - 1;
        var padded = new byte[(cipherBytes + 15) / 16 * 16];
        body.AsSpan(1).CopyTo(padded);
        var plain = aes.DecryptCfb(padded, new byte[16], PaddingMode.None, feedbackSizeInBits: 128)[..cipherBytes];
        Require(plain.AsSpan(14, 2).SequenceEqual(plain.AsSpan(16, 2)), "two octets repeated");
        Require(plain.AsSpan(plain.Length - 22, 2).SequenceEqual(MdcHeader), "the header of the MDC");
#pragma warning disable CA5350 // What the format says.
        Require(SHA1.HashData(plain.AsSpan(0, plain.Length - 20)).AsSpan().SequenceEqual(plain.AsSpan(plain.Length - 20)), "the MDC");
#pragma warning restore CA5350
        return plain[18..^22];
    }

    private static byte[] OpenOcb(byte[] body, byte[] sessionKey)
    {
        byte[] header = [0xD4, .. body[..4]];
        Require(header.AsSpan().SequenceEqual(new byte[] { 0xD4, 1, 9, 2, 16 }), "version 1, AES-256, OCB, chunks of 4 MiB");
        var nonce = body[4..19];
        using var plain = new MemoryStream();
        var at = 19;
        long chunk = 0;
        for (; at < body.Length - OcbTagBytes; chunk++)
        {
            var bytes = Math.Min((4 << 20) + OcbTagBytes, body.Length - OcbTagBytes - at);
            plain.Write(Chunk(sessionKey, nonce, chunk, [.. header, .. BigEndian(chunk)], body.AsSpan(at, bytes)));
            at += bytes;
        }

        Chunk(sessionKey, nonce, chunk, [.. header, .. BigEndian(chunk), .. BigEndian(plain.Length)], body.AsSpan(at));
        return plain.ToArray();
    }

    private static byte[] Chunk(byte[] key, byte[] nonce, long number, byte[] associated, ReadOnlySpan<byte> sealedBytes)
    {
        var own = nonce.ToArray();
        var counter = BigEndian(number);
        for (var i = 0; i < counter.Length; i++)
        {
            own[7 + i] ^= counter[i];
        }

        var cipher = new OcbBlockCipher(new AesEngine(), new AesEngine());
        cipher.Init(forEncryption: false, new AeadParameters(new KeyParameter(key), 8 * OcbTagBytes, own, associated));
        var plain = new byte[cipher.GetOutputSize(sealedBytes.Length)];
        var written = cipher.ProcessBytes(sealedBytes.ToArray(), 0, sealedBytes.Length, plain, 0);
        try
        {
            written += cipher.DoFinal(plain, written);
        }
        catch (Org.BouncyCastle.Crypto.InvalidCipherTextException exception)
        {
            throw new FormatException($"chunk {number}", exception);
        }

        return plain[..written];
    }

    private static byte[] BigEndian(long value)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, value);
        return bytes;
    }

    private static void Require(bool holds, string what)
    {
        if (!holds)
        {
            throw new FormatException($"not so: {what}");
        }
    }
}
