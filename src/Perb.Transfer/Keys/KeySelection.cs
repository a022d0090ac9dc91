using Org.BouncyCastle.Bcpg.OpenPgp;

namespace Perb.Transfer.Keys;

/// <summary>
/// Chooses the key that <c>gpg --encrypt</c> would choose: the newest usable encryption subkey, else the primary key where that
/// may encrypt. "Newest" is by the subkey's creation; of equal age the first in the file.
/// </summary>
internal static class KeySelection
{
    private sealed record Candidate(PgpPublicKey Key, DateTimeOffset? ExpiresAt)
    {
        public string Fingerprint => KeyFile.Fingerprint(Key);

        public bool HasExpired(DateTimeOffset now) => ExpiresAt < now;
    }

    /// <exception cref="UnusableKeyException">Nothing in it may be encrypted to.</exception>
    public static Recipient Choose(string file, CertifiedKey key, DateTimeOffset now, IReadOnlySet<string> fingerprintsInUse)
    {
        key.RequireAlive(now, ifRevoked: "; export its successor");
        if (SelfSignature.Utc(key.Primary.CreationTime) > now)
        {
            throw UnusableKeyException.MadeInTheFuture($"key {key.Fingerprint}", SelfSignature.Utc(key.Primary.CreationTime));
        }

        var candidates = Candidates(key, now);
        var chosen = candidates.Find(candidate => !candidate.HasExpired(now))
            ?? candidates.Find(candidate => fingerprintsInUse.Contains(candidate.Fingerprint))
            ?? throw Nothing(key, candidates, now);

        return new Recipient(chosen.Key)
        {
            File = file,
            Fingerprint = key.Fingerprint,
            SubkeyFingerprint = chosen.Fingerprint,
            UserId = key.UserId(now),
            ExpiresAt = chosen.ExpiresAt,
            AdvertisesOcb = key.AdvertisesOcb(now),
        };
    }

    /// <summary>All that may encrypt apart from their expiry, best first. Where the primary key expires, so does everything.</summary>
    private static List<Candidate> Candidates(CertifiedKey key, DateTimeOffset now)
    {
        var primaryExpiry = key.ExpiresAt(now);
        var subkeys = key.Subkeys(now)
            .Where(subkey => subkey is { Encrypts: true, IsRevoked: false } && SelfSignature.Utc(subkey.Key.CreationTime) <= now)
            .OrderByDescending(subkey => subkey.Key.CreationTime)
            .Select(subkey => new Candidate(subkey.Key, Earlier(primaryExpiry, subkey.ExpiresAt)));
        return key.PrimaryEncrypts(now) ? [.. subkeys, new Candidate(key.Primary, primaryExpiry)] : [.. subkeys];
    }

    public static DateTimeOffset? Earlier(DateTimeOffset? one, DateTimeOffset? other) =>
        one is null ? other : other is null ? one : one < other ? one : other;

    private static UnusableKeyException Nothing(CertifiedKey key, List<Candidate> candidates, DateTimeOffset now)
    {
        if (candidates.Count > 0)
        {
            return new UnusableKeyException(
                $"key {key.Fingerprint} expired on {candidates.Max(candidate => candidate.ExpiresAt):yyyy-MM-dd}; extend it and export it again");
        }

        if (key.Subkeys(now).FirstOrDefault(subkey => subkey is { Encrypts: true, IsRevoked: false }) is { } later)
        {
            return UnusableKeyException.MadeInTheFuture($"the encryption subkey of {key.Fingerprint}", SelfSignature.Utc(later.Key.CreationTime));
        }

        if (key.Subkeys(now).Any(subkey => subkey is { Encrypts: true, IsRevoked: true }))
        {
            return new UnusableKeyException($"every encryption subkey of {key.Fingerprint} is revoked; add one and export the key again");
        }

        return key.UnsupportedAlgorithms.FirstOrDefault() is { } algorithm
            ? new UnusableKeyException(
                $"key {key.Fingerprint} can only be encrypted to with {algorithm}, which is not supported; add an RSA or cv25519 (ECDH) subkey")
            : new UnusableKeyException($"key {key.Fingerprint} has no encryption key; add an encryption subkey and export it again");
    }
}
