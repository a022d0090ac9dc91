using System.Text;
using Org.BouncyCastle.Bcpg;
using Org.BouncyCastle.Bcpg.OpenPgp;

namespace Perb.Transfer.Keys;

/// <summary>A subkey, with its newest valid binding.</summary>
internal sealed record CertifiedSubkey(PgpPublicKey Key, bool Encrypts, bool Signs, DateTimeOffset? ExpiresAt, bool IsRevoked);

/// <summary>
/// A public key as its own verified signatures describe it. BouncyCastle verifies nothing by itself. The rules are gpg's (observed
/// and read in its key look-up): any verified revocation of the key or a subkey holds for ever; a direct key signature counts
/// before user ids; of user ids, the newest self-signature that says something counts.
/// </summary>
internal sealed class CertifiedKey
{
    private static readonly int[] UserIdTypes =
    [
        PgpSignature.DefaultCertification, PgpSignature.NoCertification, PgpSignature.CasualCertification,
        PgpSignature.PositiveCertification, PgpSignature.CertificationRevocation,
    ];

    private readonly PgpPublicKeyRing _ring;
    private readonly PgpPublicKey _primary;
    private readonly List<SelfSignature> _direct;
    private readonly List<(byte[]? Name, List<SelfSignature> Signatures)> _userIds;

    public CertifiedKey(PgpPublicKeyRing ring)
    {
        _ring = ring;
        _primary = ring.GetPublicKey();
        _direct = OfPrimary(PgpSignature.DirectKey);
        _userIds =
        [
            .. _primary.GetRawUserIds().Select(id => ((byte[]?)id, OfUserId(
                _primary.GetSignaturesForId(id), signature => SelfSignature.VerifyUserId(signature, _primary, id)))),
            .. _primary.GetUserAttributes().Select(picture => ((byte[]?)null, OfUserId(
                _primary.GetSignaturesForUserAttribute(picture), signature => signature.VerifyCertification(picture, _primary)))),
        ];
    }

    public string Fingerprint => KeyFile.Fingerprint(_primary);

    public PgpPublicKey Primary => _primary;

    public byte[] GetEncoded() => _ring.GetEncoded();

    public bool IsRevoked => OfPrimary(PgpSignature.KeyRevocation).Count > 0;

    /// <summary>Whether anything vouches for the key: a direct signature, or one over a user id (a revoked one too, as in gpg).</summary>
    public bool IsCertified(DateTimeOffset now) => Direct(now) is not null || _userIds.Any(id => id.Signatures.Count > 0);

    /// <param name="now">Decides which self-signatures have expired.</param>
    /// <param name="ifRevoked">What follows from that, and what to do.</param>
    /// <param name="exportAgain">How to get a good file.</param>
    /// <exception cref="UnusableKeyException">It is revoked, or nothing vouches for it.</exception>
    public void RequireAlive(DateTimeOffset now, string ifRevoked, string exportAgain = "export it again")
    {
        if (IsRevoked)
        {
            throw new UnusableKeyException($"key {Fingerprint} is revoked{ifRevoked}");
        }

        if (!IsCertified(now))
        {
            throw new UnusableKeyException($"key {Fingerprint} has no valid self-signature: the file is damaged or forged; {exportAgain}");
        }
    }

    public DateTimeOffset? ExpiresAt(DateTimeOffset now)
    {
        var lifetime = Direct(now)?.KeyLifetime
            ?? Current(now).LastOrDefault(id => id.Signature.KeyLifetime is not null).Signature?.KeyLifetime;
        return SelfSignature.Utc(_primary.CreationTime) + lifetime;
    }

    public bool PrimaryEncrypts(DateTimeOffset now) => CanEncrypt(_primary.Algorithm)
        && (Direct(now)?.SaysEncrypts
            ?? Current(now).LastOrDefault(id => id.Signature.SaysEncrypts is not null).Signature?.SaysEncrypts
            ?? true);

    public bool PrimarySigns(DateTimeOffset now) => CanSign(_primary.Algorithm)
        && (Direct(now)?.SaysSigns
            ?? Current(now).LastOrDefault(id => id.Signature.SaysSigns is not null).Signature?.SaysSigns
            ?? true);

    /// <summary>The user id marked primary, else the newest; cleaned for display.</summary>
    public string UserId(DateTimeOffset now)
    {
        var name = PrimaryUserId(now).Name ?? _primary.GetRawUserIds().FirstOrDefault();
        return name is null ? "(no user id)" : Printable.Clean(Encoding.UTF8.GetString(name));
    }

    public bool AdvertisesOcb(DateTimeOffset now) => (PrimaryUserId(now).Signature ?? Direct(now))?.AdvertisesOcb ?? false;

    /// <summary>The subkeys with a valid binding, in the file's order.</summary>
    public IEnumerable<CertifiedSubkey> Subkeys(DateTimeOffset now)
    {
        foreach (var key in _ring.GetPublicKeys().Where(key => !key.IsMasterKey))
        {
            if (OfSubkey(key, PgpSignature.SubkeyBinding).LastOrDefault(signature => !signature.HasExpired(now)) is not { } binding)
            {
                continue;
            }

            yield return new CertifiedSubkey(
                key,
                CanEncrypt(key.Algorithm) && (binding.SaysEncrypts ?? true),
                CanSign(key.Algorithm) && (binding.SaysSigns ?? true) && AgreesToBinding(key, binding),
                SelfSignature.Utc(key.CreationTime) + binding.KeyLifetime,
                OfSubkey(key, PgpSignature.SubkeyRevocation).Count > 0);
        }
    }

    /// <summary>Algorithms that could encrypt but that no gpg of today's stable systems reads.</summary>
    public IEnumerable<string> UnsupportedAlgorithms => _ring.GetPublicKeys()
        .Where(key => key.Algorithm is PublicKeyAlgorithmTag.X25519 or PublicKeyAlgorithmTag.X448)
        .Select(key => key.Algorithm.ToString())
        .Distinct();

    private static bool CanEncrypt(PublicKeyAlgorithmTag algorithm) => algorithm
        is PublicKeyAlgorithmTag.RsaGeneral or PublicKeyAlgorithmTag.RsaEncrypt
        or PublicKeyAlgorithmTag.ElGamalEncrypt or PublicKeyAlgorithmTag.ECDH;

    private static bool CanSign(PublicKeyAlgorithmTag algorithm) => algorithm
        is PublicKeyAlgorithmTag.RsaGeneral or PublicKeyAlgorithmTag.RsaSign or PublicKeyAlgorithmTag.Dsa
        or PublicKeyAlgorithmTag.ECDsa or PublicKeyAlgorithmTag.EdDsa_Legacy;

    // Else anybody could bind another's signing key to a key of their own, and pass for the maker of its signatures.
    private bool AgreesToBinding(PgpPublicKey subkey, SelfSignature binding) => SelfSignature.Verified(
        subkey, binding.Embedded, [PgpSignature.PrimaryKeyBinding], signature => signature.VerifyCertification(_primary, subkey)).Count > 0;

    private SelfSignature? Direct(DateTimeOffset now) => _direct.LastOrDefault(signature => !signature.HasExpired(now));

    /// <summary>The newest word on each user id that is neither revoked nor expired, oldest first.</summary>
    private IEnumerable<(byte[]? Name, SelfSignature Signature)> Current(DateTimeOffset now) => _userIds
        .Where(id => id.Signatures.Count > 0)
        .Select(id => (id.Name, Signature: id.Signatures[^1]))
        .Where(id => id.Signature.Type != PgpSignature.CertificationRevocation && !id.Signature.HasExpired(now))
        .OrderBy(id => id.Signature.CreatedAt);

    private (byte[]? Name, SelfSignature? Signature) PrimaryUserId(DateTimeOffset now)
    {
        var named = Current(now).Where(id => id.Name is not null).ToList();
        return named.LastOrDefault(id => id.Signature.IsPrimaryUserId) is { Signature: not null } marked ? marked : named.LastOrDefault();
    }

    private List<SelfSignature> OfPrimary(int type) => SelfSignature.Verified(
        _primary, _primary.GetKeySignatures(), [type], signature => signature.VerifyCertification(_primary));

    private List<SelfSignature> OfUserId(IEnumerable<PgpSignature>? signatures, Func<PgpSignature, bool> verify) =>
        SelfSignature.Verified(_primary, signatures ?? [], UserIdTypes, verify);

    private List<SelfSignature> OfSubkey(PgpPublicKey subkey, int type) => SelfSignature.Verified(
        _primary, subkey.GetSignatures(), [type], signature => signature.VerifyCertification(_primary, subkey));
}
