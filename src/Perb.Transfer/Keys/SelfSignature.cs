using System.Buffers.Binary;
using Org.BouncyCastle.Bcpg;
using Org.BouncyCastle.Bcpg.OpenPgp;

namespace Perb.Transfer.Keys;

/// <summary>
/// A signature that a key verifiably made over itself, a user id, its subkey or its primary key, and what its hashed part says. The
/// unhashed part is never believed: anybody can write there.
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
    private const int SigningFlag = 0x02;

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
    public bool? SaysEncrypts => HasFlag(EncryptionFlags);

    /// <inheritdoc cref="SaysEncrypts"/>
    public bool? SaysSigns => HasFlag(SigningFlag);

    /// <summary>Counts from the creation of the key, not of the signature; null: never, or it does not say.</summary>
    public TimeSpan? KeyLifetime => _hashed.GetKeyExpirationTime() is > 0 and var seconds ? TimeSpan.FromSeconds(seconds) : null;

    public bool IsPrimaryUserId => _hashed.IsPrimaryUserId();

    /// <summary>Feature bit 2: GnuPG's AEAD packet.</summary>
    public bool AdvertisesOcb => _hashed.GetFeatures()?.SupportsFeature(Org.BouncyCastle.Bcpg.Sig.Features.FEATURE_AEAD_ENCRYPTED_DATA) ?? false;

    public bool HasExpired(DateTimeOffset now) =>
        _hashed.GetSignatureExpirationTime() is > 0 and var seconds && CreatedAt.AddSeconds(seconds) <= now;

    /// <summary>
    /// Signatures inside this one: a signing subkey's own word that it belongs to the primary key. gpg writes it into the unhashed part; it
    /// has to be verified, wherever it stands.
    /// </summary>
    public IEnumerable<PgpSignature> Embedded => EmbeddedIn(_hashed).Concat(EmbeddedIn(_signature.GetUnhashedSubPackets()));

    /// <summary>The signatures of these kinds by this key that verify, oldest first; of equal age, the later in the file is last.</summary>
    public static List<SelfSignature> Verified(
        PgpPublicKey signer, IEnumerable<PgpSignature> signatures, int[] types, Func<PgpSignature, bool> verify) =>
        [.. signatures
            .Where(signature => types.Contains(signature.SignatureType) && IsTrustworthy(signer, signature, verify))
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

    /// <summary>Whether it says when it was made, where that cannot be changed, and nothing that must be understood and is not.</summary>
    public static bool IsWellFormed(PgpSignature signature) =>
        signature.Version == 4
        && signature.GetHashedSubPackets() is { } hashed
        && hashed.HasSubpacket(SignatureSubpacketTag.CreationTime)
        && !hashed.GetCriticalTags().Except(Understood).Any();

    /// <summary>False also where it cannot be checked: an algorithm or number that nobody knows proves nothing.</summary>
    public static bool Verifies(PgpSignature signature, PgpPublicKey signer, Func<PgpSignature, bool> verify)
    {
        try
        {
            signature.InitVerify(signer);
            return verify(signature);
        }
        catch (Exception exception) when (
            exception is PgpException or ArgumentException or InvalidOperationException or IOException or Org.BouncyCastle.Security.SecurityUtilityException)
        {
            return false;
        }
    }

    private static bool IsTrustworthy(PgpPublicKey signer, PgpSignature signature, Func<PgpSignature, bool> verify) =>
        signature.KeyId == signer.KeyId
        && signature.HashAlgorithm != HashAlgorithmTag.MD5
        && IsWellFormed(signature)
        && signature.GetHashedSubPackets().GetSignatureCreationTime() >= signer.CreationTime
        && Verifies(signature, signer, verify);

    private static IEnumerable<PgpSignature> EmbeddedIn(PgpSignatureSubpacketVector? part)
    {
        try
        {
            var all = part?.GetEmbeddedSignatures();
            return all is null ? [] : Enumerable.Range(0, all.Count).Select(index => all[index]);
        }
        catch (Exception exception) when (Armor.IsParsing(exception))
        {
            return [];
        }
    }

    private bool? HasFlag(int flag) => !_hashed.HasSubpacket(SignatureSubpacketTag.KeyFlags) ? null : (_hashed.GetKeyFlags() & flag) != 0;
}
