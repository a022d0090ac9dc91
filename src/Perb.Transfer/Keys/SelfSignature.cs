using System.Buffers.Binary;
using Org.BouncyCastle.Bcpg;
using Org.BouncyCastle.Bcpg.OpenPgp;

namespace Perb.Transfer.Keys;

/// <summary>
/// A signature that the primary key verifiably made over itself, a user id or a subkey, and what its hashed part says. The
/// unhashed part is never read: anybody can write there.
/// </summary>
internal sealed class SelfSignature
{
    // What gpg understands; a critical part beyond these makes a signature void (RFC 9580, 5.2.3.7).
    private static readonly SignatureSubpacketTag[] Understood =
    [
        SignatureSubpacketTag.CreationTime, SignatureSubpacketTag.ExpireTime, SignatureSubpacketTag.Exportable,
        SignatureSubpacketTag.TrustSig, SignatureSubpacketTag.RegExp, SignatureSubpacketTag.Revocable,
        SignatureSubpacketTag.KeyExpireTime, SignatureSubpacketTag.PreferredSymmetricAlgorithms,
        SignatureSubpacketTag.RevocationKey, SignatureSubpacketTag.IssuerKeyId, SignatureSubpacketTag.NotationData,
        SignatureSubpacketTag.PreferredHashAlgorithms, SignatureSubpacketTag.PreferredCompressionAlgorithms,
        SignatureSubpacketTag.KeyServerPreferences, SignatureSubpacketTag.PreferredKeyServer,
        SignatureSubpacketTag.PrimaryUserId, SignatureSubpacketTag.PolicyUrl, SignatureSubpacketTag.KeyFlags,
        SignatureSubpacketTag.SignerUserId, SignatureSubpacketTag.RevocationReason, SignatureSubpacketTag.Features,
        SignatureSubpacketTag.SignatureTarget, SignatureSubpacketTag.EmbeddedSignature,
        SignatureSubpacketTag.IssuerFingerprint, SignatureSubpacketTag.PreferredAeadAlgorithms,
        SignatureSubpacketTag.AttestedCertifications, SignatureSubpacketTag.KeyBlock,
    ];

    // "May encrypt communications", "may encrypt storage": gpg makes no difference between them.
    private const int EncryptionFlags = 0x04 | 0x08;

    private readonly PgpSignature _signature;
    private readonly PgpSignatureSubpacketVector _hashed;

    private SelfSignature(PgpSignature signature)
    {
        _signature = signature;
        _hashed = signature.GetHashedSubPackets();
        CreatedAt = Utc(_hashed.GetSignatureCreationTime());
    }

    public DateTimeOffset CreatedAt { get; }

    public int Type => _signature.SignatureType;

    /// <summary>Null where the signature does not say.</summary>
    public bool? SaysEncrypts => !_hashed.HasSubpacket(SignatureSubpacketTag.KeyFlags)
        ? null
        : (_hashed.GetKeyFlags() & EncryptionFlags) != 0;

    /// <summary>Counts from the creation of the key, not of the signature; null: never, or it does not say.</summary>
    public TimeSpan? KeyLifetime => _hashed.GetKeyExpirationTime() is > 0 and var seconds ? TimeSpan.FromSeconds(seconds) : null;

    public bool IsPrimaryUserId => _hashed.IsPrimaryUserId();

    /// <summary>Feature bit 2: GnuPG's AEAD packet.</summary>
    public bool AdvertisesOcb => _hashed.GetFeatures()?.SupportsFeature(Org.BouncyCastle.Bcpg.Sig.Features.FEATURE_AEAD_ENCRYPTED_DATA) ?? false;

    public bool HasExpired(DateTimeOffset now) =>
        _hashed.GetSignatureExpirationTime() is > 0 and var seconds && CreatedAt.AddSeconds(seconds) <= now;

    /// <summary>The signatures of these kinds that verify, oldest first; of equal age, the later in the file is last.</summary>
    public static List<SelfSignature> Verified(
        PgpPublicKey primary, IEnumerable<PgpSignature> signatures, int[] types, Func<PgpSignature, bool> verify) =>
        [.. signatures
            .Where(signature => types.Contains(signature.SignatureType) && IsTrustworthy(primary, signature, verify))
            .Select(signature => new SelfSignature(signature))
            .OrderBy(signature => signature.CreatedAt)];

    /// <summary>For user ids whose bytes are not valid UTF-8 BouncyCastle has no call, so the data is fed as RFC 9580, 5.2.4 says.</summary>
    public static bool VerifyUserId(PgpSignature signature, PgpPublicKey primary, byte[] userId)
    {
        var key = primary.PublicKeyPacket.GetEncodedContents();
        var length = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, userId.Length);
        signature.Update([0x99, (byte)(key.Length >> 8), (byte)key.Length]);
        signature.Update(key);
        signature.Update([0xB4, .. length]);
        signature.Update(userId);
        return signature.Verify();
    }

    public static DateTimeOffset Utc(DateTime time) => new(DateTime.SpecifyKind(time, DateTimeKind.Utc));

    private static bool IsTrustworthy(PgpPublicKey primary, PgpSignature signature, Func<PgpSignature, bool> verify)
    {
        if (signature.KeyId != primary.KeyId
            || signature.Version != 4
            || signature.HashAlgorithm == HashAlgorithmTag.MD5
            || signature.GetHashedSubPackets() is not { } hashed
            || !hashed.HasSubpacket(SignatureSubpacketTag.CreationTime)
            || hashed.GetSignatureCreationTime() < primary.CreationTime
            || hashed.GetCriticalTags().Except(Understood).Any())
        {
            return false;
        }

        try
        {
            signature.InitVerify(primary);
            return verify(signature);
        }
        catch (Exception exception) when (
            exception is PgpException or ArgumentException or InvalidOperationException or IOException or Org.BouncyCastle.Security.SecurityUtilityException)
        {
            // An algorithm or number that cannot be checked proves nothing.
            return false;
        }
    }
}
