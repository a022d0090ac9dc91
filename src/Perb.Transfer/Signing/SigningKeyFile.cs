using System.Security.Cryptography;
using Org.BouncyCastle.Bcpg;
using Org.BouncyCastle.Bcpg.OpenPgp;
using Org.BouncyCastle.Crypto.Parameters;
using Perb.Transfer.Keys;

namespace Perb.Transfer.Signing;

/// <summary>
/// The one secret key of a file, and of it the (sub)key that <c>gpg --sign</c> would take: the newest one that may sign, is alive and whose
/// secret half is there, else the primary key; where all have expired, the last one that did.
/// </summary>
internal static class SigningKeyFile
{
    private const string ExportAgain = "export it again: gpg --armor --export-secret-keys";

    /// <param name="content">Armored or binary; wiped here, whatever comes of it.</param>
    /// <param name="now">Decides what has expired.</param>
    /// <param name="recipients">Fingerprints of the (sub)keys that backups are encrypted to.</param>
    /// <exception cref="UnusableKeyException">In one line, with what to do; never with anything of the content.</exception>
    public static (CertifiedKey Key, SignatureKey Chosen, PgpPrivateKey Secret) Read(
        byte[] content, DateTimeOffset now, IReadOnlyCollection<string> recipients)
    {
        try
        {
            var ring = ReadRing(content);
            if (ring.GetSecretKeys().Any(one => IsThere(one) && recipients.Contains(KeyFile.Fingerprint(one.PublicKey))))
            {
                throw new UnusableKeyException("is the private key that backups are encrypted to: it must not be on this node; delete it here");
            }

            var key = new CertifiedKey(PublicHalf(ring));
            var chosen = Choose(ring, key, now);
            return (key, chosen, Open(ring.GetSecretKey(chosen.Key.GetFingerprint()), chosen));
        }
        catch (Exception exception) when (Armor.IsParsing(exception))
        {
            // The kind alone: a parser's message may quote what it read.
            throw new UnusableKeyException($"is not an OpenPGP secret key that can be read ({exception.GetType().Name}); {ExportAgain}");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(content);
        }
    }

    private static PgpSecretKeyRing ReadRing(byte[] content)
    {
        var rings = Armor.Blocks(content).SelectMany(Rings).ToList();
        return rings.Count switch
        {
            0 => throw new UnusableKeyException($"is not an OpenPGP secret key; {ExportAgain}"),
            1 => rings[0],
            _ => throw KeyFile.Several(rings.Select(ring => KeyFile.Fingerprint(ring.GetPublicKey()))),
        };
    }

    private static List<PgpSecretKeyRing> Rings(Armor.Block block)
    {
        var packets = block.ToBinary();
        try
        {
            RequireSecretKey(packets);
            var rings = new List<PgpSecretKeyRing>();
            var factory = new PgpObjectFactory(packets);
            while (factory.NextPgpObject() is { } item)
            {
                rings.Add(item as PgpSecretKeyRing ?? throw new UnusableKeyException($"holds something beside an OpenPGP secret key; {ExportAgain}"));
            }

            return rings;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(packets);
        }
    }

    private static void RequireSecretKey(byte[] packets)
    {
        switch (PacketHead.Of(packets))
        {
            case { Tag: PacketTag.PublicKey }:
                throw new UnusableKeyException($"holds a public key only, and signing needs the secret one; {ExportAgain}");
            case { Tag: PacketTag.SecretKey, Version: 4 }:
                return;
            case { Tag: PacketTag.SecretKey, Version: var version }:
                throw KeyFile.WrongVersion(version);
            default:
                throw new UnusableKeyException($"is not an OpenPGP secret key; {ExportAgain}");
        }
    }

    private static PgpPublicKeyRing PublicHalf(PgpSecretKeyRing ring)
    {
        using var packets = new MemoryStream();
        foreach (var key in ring.GetPublicKeys())
        {
            key.Encode(packets);
        }

        return new PgpPublicKeyRing(packets.ToArray());
    }

    private static SignatureKey Choose(PgpSecretKeyRing ring, CertifiedKey key, DateTimeOffset now)
    {
        key.RequireAlive(now, ifRevoked: "; make a new one", ExportAgain);
        var all = SignatureKey.Of(key, now).Where(one => !one.IsRevoked && IsThere(ring.GetSecretKey(one.Key.GetFingerprint()))).ToList();
        var made = all.Where(one => one.CreatedAt <= now).ToList();

        // One that expired signs nothing any more, but that is no reason to send nothing.
        return made.Find(one => one.ExpiresAt is null || one.ExpiresAt > now) ?? made.MaxBy(one => one.ExpiresAt) ?? throw Nothing(key, all);
    }

    private static UnusableKeyException Nothing(CertifiedKey key, List<SignatureKey> all) => all.Count > 0
        ? UnusableKeyException.MadeInTheFuture($"key {key.Fingerprint}", all[0].CreatedAt)
        : new($"key {key.Fingerprint} has no secret key in this file that may sign; add a signing subkey, or {ExportAgain}");

    // gpg leaves a stub where the secret half was taken away or is on a card.
    private static bool IsThere(PgpSecretKey? key) => key is { IsPrivateKeyEmpty: false } && key.S2k is not { Type: S2k.GnuDummyS2K };

    private static PgpPrivateKey Open(PgpSecretKey secret, SignatureKey chosen)
    {
        if (secret.S2kUsage != SecretKeyPacket.UsageNone)
        {
            var primary = chosen.Signer.Fingerprint;
            throw new UnusableKeyException(
                $"is protected by a passphrase, and nobody is there to type it: take it off with gpg --change-passphrase {primary} (leave the new "
                + $"one empty), and {ExportAgain}");
        }

        return chosen.Key.Algorithm == PublicKeyAlgorithmTag.EdDsa_Legacy && chosen.Key.GetKey() is Ed25519PublicKeyParameters
            ? secret.ExtractPrivateKeyRaw(null)
            : throw new UnusableKeyException(
                $"its key {chosen.Fingerprint} is no Ed25519 key but {InWords(chosen.Key.Algorithm)}; make one with gpg --quick-generate-key NAME ed25519 sign never");
    }

    private static string InWords(PublicKeyAlgorithmTag algorithm) => algorithm switch
    {
        PublicKeyAlgorithmTag.RsaGeneral or PublicKeyAlgorithmTag.RsaSign => "RSA",
        PublicKeyAlgorithmTag.Dsa => "DSA",
        PublicKeyAlgorithmTag.ECDsa => "ECDSA",
        PublicKeyAlgorithmTag.EdDsa_Legacy => "EdDSA of another curve",
        _ => $"of algorithm {(int)algorithm}",
    };
}
