using Org.BouncyCastle.Bcpg;
using Org.BouncyCastle.Bcpg.OpenPgp;
using Perb.Transfer.Keys;

namespace Perb.Transfer.Signing;

/// <summary>
/// Whose manifests are believed. A signature counts as gpg would count it, and stricter where gpg only warns: by a revoked key it proves
/// nothing, by an expired one only if it was made before.
/// </summary>
public sealed class TrustedSigners
{
    public const int MaxSignatureBytes = 64 << 10;

    private const string IfPrivate = "Trusted is the public one: gpg --export --armor";

    private readonly IReadOnlyList<SignatureKey> _keys;

    private TrustedSigners(IReadOnlyList<SignatureKey> keys) => _keys = keys;

    /// <summary>Nobody's signature is asked for.</summary>
    public bool IsEmpty => _keys.Count == 0;

    /// <param name="files">Public keys, one a file.</param>
    /// <param name="own">The node's own key, always one of them; null: it signs nothing.</param>
    /// <param name="now">Decides which self-signatures have expired.</param>
    /// <exception cref="SignerException">Every faulty file is named.</exception>
    public static TrustedSigners Load(IReadOnlyList<string> files, SigningKey? own, DateTimeOffset now)
    {
        var keys = new List<SignatureKey>(own?.Keys ?? []);
        var faults = new List<KeyFault>();
        foreach (var file in files)
        {
            try
            {
                keys.AddRange(Read(file, now));
            }
            catch (UnusableKeyException exception)
            {
                faults.Add(new KeyFault(file, exception.Message, exception.IsOfClock));
            }
        }

        return faults.Count == 0 ? new TrustedSigners(keys) : throw new SignerException(faults);
    }

    /// <summary>Whether these are whole signatures, whoever made them of whatever.</summary>
    public static bool CanRead(byte[] signatures)
    {
        try
        {
            return SignatureFile.Read(signatures).Count > 0;
        }
        catch (UnusableKeyException)
        {
            return false;
        }
    }

    /// <summary>Never throws because of what was signed or what the signature holds: both come from the remote.</summary>
    /// <param name="manifest">The very bytes.</param>
    /// <param name="signatures">One or more detached signatures; one that is trusted is enough.</param>
    /// <param name="now">Decides whether a signature that was made for a time only still holds.</param>
    public SignatureVerdict Verify(byte[] manifest, byte[] signatures, DateTimeOffset now)
    {
        try
        {
            var faults = new List<string>();
            foreach (var signature in SignatureFile.Read(signatures))
            {
                var verdict = Judge(signature, manifest, now);
                if (verdict.Signer is not null)
                {
                    return verdict;
                }

                faults.Add(verdict.WhyNot);
            }

            return new SignatureVerdict(null, string.Join(", and ", faults.Distinct().Take(3)));
        }
        catch (UnusableKeyException exception)
        {
            return new SignatureVerdict(null, $"is not signed: its signature {exception.Message}");
        }
    }

    // An expired one is no fault: what it signed before stays signed.
    private static IReadOnlyList<SignatureKey> Read(string file, DateTimeOffset now)
    {
        var key = new CertifiedKey(KeyFile.Read(file, IfPrivate));
        key.RequireAlive(now, ifRevoked: ": nothing that it signed is trusted; take the file out");
        var keys = SignatureKey.Of(key, now);
        return keys.Count > 0 ? keys : throw new UnusableKeyException($"key {key.Fingerprint} cannot sign");
    }

    private SignatureVerdict Judge(PgpSignature signature, byte[] manifest, DateTimeOffset now)
    {
        // A key id is only a hint which key to try; that it fits is what the signature proves.
        var verdict = new SignatureVerdict(null, $"is signed by {IssuerOf(signature)}, which is not trusted");
        foreach (var key in _keys.Where(key => key.Key.KeyId == signature.KeyId))
        {
            if (Fault(signature, key, manifest, now) is not { } fault)
            {
                return new SignatureVerdict(key.Signer, "");
            }

            verdict = new SignatureVerdict(null, fault);
        }

        return verdict;
    }

    private static string? Fault(PgpSignature signature, SignatureKey key, byte[] manifest, DateTimeOffset now)
    {
        if (signature.HashAlgorithm is not (HashAlgorithmTag.Sha256 or HashAlgorithmTag.Sha384 or HashAlgorithmTag.Sha512))
        {
            return $"is signed with {signature.HashAlgorithm}, which proves nothing: SHA-256 or better is needed";
        }

        if (signature.SignatureType != PgpSignature.BinaryDocument
            || signature.KeyAlgorithm != key.Key.Algorithm
            || !SelfSignature.IsWellFormed(signature)
            || !SelfSignature.Verifies(signature, key.Key, _ => Fits(signature, manifest)))
        {
            return $"has a signature of {key.Signer} that does not fit it";
        }

        var hashed = signature.GetHashedSubPackets();
        var signedAt = SelfSignature.Utc(hashed.GetSignatureCreationTime());
        var validFor = TimeSpan.FromSeconds(hashed.GetSignatureExpirationTime()); // 0: for ever
        return key switch
        {
            { IsRevoked: true } => $"is signed by {key.Signer} with a key that is revoked",
            { ExpiresAt: { } expiry } when signedAt >= expiry =>
                $"was signed on {signedAt:yyyy-MM-dd} by {key.Signer}, whose key had expired on {expiry:yyyy-MM-dd}",
            _ when signedAt < key.CreatedAt => $"was signed by {key.Signer} on {signedAt:u}, before that key was made",
            _ when validFor > TimeSpan.Zero && signedAt + validFor <= now =>
                $"has a signature of {key.Signer} that was valid until {signedAt + validFor:yyyy-MM-dd}",
            _ => null,
        };
    }

    private static bool Fits(PgpSignature signature, byte[] manifest)
    {
        signature.Update(manifest);
        return signature.Verify();
    }

    private static string IssuerOf(PgpSignature signature)
    {
        var fingerprint = signature.GetHashedSubPackets()?.GetIssuerFingerprint()?.GetFingerprint();
        return fingerprint is { Length: 20 } ? Convert.ToHexString(fingerprint) : $"key {signature.KeyId:X16}";
    }
}
