using Org.BouncyCastle.Bcpg.OpenPgp;

namespace Perb.Transfer.Keys;

/// <summary>A key that backups are encrypted to, with the one (sub)key of it that gpg would choose.</summary>
public sealed record Recipient
{
    internal Recipient(PgpPublicKey encryptionKey) => EncryptionKey = encryptionKey;

    /// <summary>The key file, as configured.</summary>
    public required string File { get; init; }

    /// <summary>Of the primary key, 40 upper-case hexadecimal digits.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>Of the key that encrypts; the same as <see cref="Fingerprint"/> where the primary key does.</summary>
    public required string SubkeyFingerprint { get; init; }

    /// <summary>The primary user id, without control characters and bounded in length; foreign text.</summary>
    public required string UserId { get; init; }

    /// <summary>When the primary key or the subkey expires, whichever is first; in the past only for a key already in use.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>The key's owner says that their program reads GnuPG's OCB packet.</summary>
    public bool AdvertisesOcb { get; init; }

    internal PgpPublicKey EncryptionKey { get; }
}
