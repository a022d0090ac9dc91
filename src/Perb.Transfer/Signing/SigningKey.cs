using System.Text;
using Org.BouncyCastle.Bcpg;
using Org.BouncyCastle.Bcpg.OpenPgp;
using Perb.Transfer.Keys;

namespace Perb.Transfer.Signing;

/// <summary>
/// The node's own Ed25519 key, with which it says that a manifest is its own. Encryption to a public key alone lets anyone who has that key
/// forge a backup. The secret never leaves this object; nothing prints it.
/// </summary>
public sealed class SigningKey
{
    private readonly SignatureKey _chosen;
    private readonly PgpPrivateKey _secret;
    private readonly TrustedSigners _own;

    private SigningKey(string file, CertifiedKey key, DateTimeOffset now, SignatureKey chosen, PgpPrivateKey secret)
    {
        File = file;
        Keys = SignatureKey.Of(key, now);
        PublicKey = Encoding.ASCII.GetString(Armor.Write(key.GetEncoded()));
        (_chosen, _secret) = (chosen, secret);
        _own = TrustedSigners.Load([], this, now);
    }

    public string File { get; }

    public Signer Signer => _chosen.Signer;

    /// <summary>When the primary key or the subkey that signs expires, whichever is first.</summary>
    public DateTimeOffset? ExpiresAt => _chosen.ExpiresAt;

    /// <summary>The public half, armored: for gpg, for <c>TrustedSigners</c> of other machines, for the recovery sheet.</summary>
    public string PublicKey { get; }

    /// <summary>All its keys that may sign, for they all are its own.</summary>
    internal IReadOnlyList<SignatureKey> Keys { get; }

    /// <param name="file">A secret key without passphrase, armored or binary, that nobody but its owner may read.</param>
    /// <param name="groupMayRead">For systemd's credentials only.</param>
    /// <param name="now">Decides what has expired; one that has is loaded too, and signs nothing.</param>
    /// <param name="recipients">Fingerprints of the (sub)keys that backups are encrypted to: the private half of one must not be here.</param>
    /// <exception cref="SignerException">It cannot be used; says why and what to do, in one line.</exception>
    public static SigningKey Load(string file, bool groupMayRead, DateTimeOffset now, params IReadOnlyCollection<string> recipients)
    {
        try
        {
            var (certified, chosen, secret) = SigningKeyFile.Read(PrivateFile.Read(file, groupMayRead, out var openness), now, recipients);
            if (openness is not null)
            {
                throw new UnusableKeyException(openness);
            }

            var key = new SigningKey(file, certified, now, chosen, secret);

            // Tried at a time when it was alive.
            return key.Make([], chosen.ExpiresAt <= now ? chosen.CreatedAt : now).Verdict.Signer is not null
                ? key
                : throw new UnusableKeyException("its secret and its public half do not belong together: it is damaged");
        }
        catch (UnusableKeyException exception)
        {
            throw new SignerException([new KeyFault(file, exception.Message, exception.IsOfClock)]);
        }
    }

    /// <summary>A detached binary signature (version 4, type 0x00, SHA-512), as <c>gpg --verify</c> reads it.</summary>
    /// <exception cref="SignerException">The key has expired: what it signs now would be trusted by nobody.</exception>
    public byte[] Sign(byte[] content, DateTimeOffset now)
    {
        if (ExpiresAt <= now)
        {
            throw new SignerException(File, $"key {Signer.Fingerprint} expired on {ExpiresAt:yyyy-MM-dd}; extend it, export it again and restart");
        }

        // A signature that a fault of the machine made wrong could give the key away.
        var (signature, verdict) = Make(content, now);
        return verdict.Signer is not null ? signature : throw new InvalidOperationException("the signature that was just made does not fit");
    }

    public override string ToString() => Signer.ToString();

    private (byte[] Signature, SignatureVerdict Verdict) Make(byte[] content, DateTimeOffset now)
    {
        var at = now < _chosen.CreatedAt ? _chosen.CreatedAt : now; // a clock that went back: gpg refuses what is older than its key
        var hashed = new PgpSignatureSubpacketGenerator();
        hashed.SetSignatureCreationTime(isCritical: false, at.UtcDateTime);
        hashed.SetIssuerFingerprint(isCritical: false, _chosen.Key);
        var unhashed = new PgpSignatureSubpacketGenerator();
        unhashed.SetIssuerKeyID(isCritical: false, _chosen.Key.KeyId);

        var generator = new PgpSignatureGenerator(_chosen.Key.Algorithm, HashAlgorithmTag.Sha512);
        generator.InitSign(PgpSignature.BinaryDocument, _secret);
        generator.SetHashedSubpackets(hashed.Generate());
        generator.SetUnhashedSubpackets(unhashed.Generate());
        generator.Update(content);
        var signature = generator.Generate().GetEncoded();
        return (signature, _own.Verify(content, signature, now));
    }
}
