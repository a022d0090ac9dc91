using Org.BouncyCastle.Bcpg.OpenPgp;
using Perb.Transfer.Keys;

namespace Perb.Transfer.Signing;

/// <summary>Whose signatures are trusted.</summary>
/// <param name="Fingerprint">Of the primary key, 40 upper-case hexadecimal digits.</param>
/// <param name="UserId">Cleaned and bounded; foreign text.</param>
public sealed record Signer(string Fingerprint, string UserId)
{
    public override string ToString() => $"{Fingerprint} ({UserId})";
}

/// <summary>A (sub)key of a signer, with what its verified self-signatures allow it.</summary>
internal sealed record SignatureKey(Signer Signer, PgpPublicKey Key, DateTimeOffset? ExpiresAt, bool IsRevoked)
{
    public string Fingerprint => KeyFile.Fingerprint(Key);

    public DateTimeOffset CreatedAt => SelfSignature.Utc(Key.CreationTime);

    /// <summary>All that may sign, apart from expiry and revocation: subkeys newest first, then the primary key. That is gpg's order of choice.</summary>
    public static IReadOnlyList<SignatureKey> Of(CertifiedKey key, DateTimeOffset now)
    {
        var signer = new Signer(key.Fingerprint, Printable.Clean(key.UserId(now), 60));
        var primaryExpiry = key.ExpiresAt(now);
        var subkeys = key.Subkeys(now)
            .Where(subkey => subkey.Signs)
            .OrderByDescending(subkey => subkey.Key.CreationTime)
            .Select(subkey => new SignatureKey(
                signer, subkey.Key, KeySelection.Earlier(primaryExpiry, subkey.ExpiresAt), key.IsRevoked || subkey.IsRevoked));
        return key.PrimarySigns(now) ? [.. subkeys, new SignatureKey(signer, key.Primary, primaryExpiry, key.IsRevoked)] : [.. subkeys];
    }
}
