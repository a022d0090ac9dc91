using Org.BouncyCastle.Bcpg;
using Org.BouncyCastle.Bcpg.OpenPgp;
using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Security;
using Perb.IntegrationTests.Transfer;
using Perb.Transfer.Signing;
using static Perb.IntegrationTests.Signing.GpgSigning;

namespace Perb.IntegrationTests.Signing;

/// <summary>Detached signatures made by gpg: those of a trusted signer are believed, all others are refused with the reason.</summary>
public sealed class TrustedSignerTests : IDisposable
{
    private const string Signer = "Signer <signer@perb.test>";
    private static readonly byte[] Manifest = "# Perb manifest, format 1\n"u8.ToArray();
    private readonly GpgHome _gpg = new();

    public void Dispose() => _gpg.Dispose();

    [Theory]
    [InlineData("ed25519")]
    [InlineData("rsa2048")]
    [InlineData("nistp256")]
    [InlineData("dsa2048")]
    public void What_gpg_signs_is_believed_binary_and_armored(string algorithm)
    {
        var key = _gpg.Generate(Signer, algorithm, "cert,sign");
        var trusted = Trust(key);

        Assert.Equal(new Signer(key, Signer), trusted.Verify(Manifest, _gpg.Sign(key, Manifest), Now).Signer);
        Assert.Equal(new Signer(key, Signer), trusted.Verify(Manifest, _gpg.Sign(key, Manifest, "--armor"), Now).Signer);
        AssertRefused(trusted, [.. Manifest, (byte)'\n'], _gpg.Sign(key, Manifest), "does not fit");
        AssertRefused(trusted, [], _gpg.Sign(key, Manifest), "does not fit");
    }

    [Fact]
    public void A_signing_subkey_speaks_for_its_key_and_other_subkeys_do_not()
    {
        var key = _gpg.Generate(Signer, "ed25519", "cert");
        var subkey = _gpg.Add(key, "ed25519", "sign");
        _gpg.Add(key, "ed25519", "auth");

        Assert.Equal(key, Trust(key).Verify(Manifest, _gpg.Sign(subkey + "!", Manifest), Now).Signer?.Fingerprint);
        Assert.Contains("cannot sign", LoadFault(_gpg.Export(_gpg.Generate("Certifier", "ed25519", "cert"))), StringComparison.Ordinal);
    }

    [Fact]
    public void Whoever_is_not_named_is_not_believed_however_well_the_signature_fits()
    {
        var key = _gpg.Generate(Signer, "ed25519", "cert,sign");
        var other = _gpg.Generate("Forger <forger@perb.test>", "ed25519", "cert,sign");

        AssertRefused(Trust(key), Manifest, _gpg.Sign(other, Manifest), $"is signed by {other}, which is not trusted");
    }

    [Fact]
    public void A_key_that_was_revoked_proves_nothing_about_any_time()
    {
        var key = _gpg.Generate(Signer, "ed25519", "cert,sign");
        _gpg.Add(key, "ed25519", "sign");
        var bySubkey = _gpg.Sign(key, Manifest);
        Assert.NotNull(Trust(key).Verify(Manifest, bySubkey, Now).Signer);

        _gpg.RevokeSubkey(key, 1);
        AssertRefused(Trust(key), Manifest, bySubkey, "with a key that is revoked");

        _gpg.Revoke(key);
        Assert.Contains("is revoked", LoadFault(_gpg.Export(key)), StringComparison.Ordinal);
    }

    [Fact]
    public void What_was_signed_before_the_key_expired_stays_signed()
    {
        var key = _gpg.Generate(Signer, "ed25519", "cert,sign", expire: "20240601T000000");
        var before = _gpg.Sign(key, Manifest, "--faked-system-time", "20240501T000000!");

        Assert.NotNull(Trust(key).Verify(Manifest, before, Now).Signer);
    }

    [Fact]
    public void What_was_signed_after_the_key_expired_is_refused()
    {
        var key = _gpg.Generate(Signer, "ed25519", "cert,sign");
        var after = _gpg.Sign(key, Manifest, "--faked-system-time", "20240701T000000!");
        Assert.NotNull(Trust(key).Verify(Manifest, after, Now).Signer);

        _gpg.Run(["--faked-system-time", "20240201T000000!", "--quick-set-expire", key, "20240601T000000"]).Ok();

        AssertRefused(Trust(key), Manifest, after, "whose key had expired on 2024-06-01");
    }

    [Fact]
    public void A_signature_that_was_made_for_a_time_only_holds_until_then()
    {
        var key = _gpg.Generate(Signer, "ed25519", "cert,sign");
        var signature = _gpg.Sign(key, Manifest, "--faked-system-time", "20240501T000000!", "--default-sig-expire", "10d");

        Assert.NotNull(Trust(key).Verify(Manifest, signature, new DateTimeOffset(2024, 5, 5, 0, 0, 0, TimeSpan.Zero)).Signer);
        AssertRefused(Trust(key), Manifest, signature, "valid until 2024-05-11");
    }

    [Theory]
    [InlineData("SHA1")]
    [InlineData("RIPEMD160")]
    public void A_weak_hash_proves_nothing(string hash)
    {
        var key = _gpg.Generate(Signer, "rsa2048", "cert,sign");

        AssertRefused(Trust(key), Manifest, _gpg.Sign(key, Manifest, "--digest-algo", hash), "which proves nothing");
    }

    [Fact]
    public void A_signature_over_text_is_not_one_over_these_bytes()
    {
        var key = _gpg.Generate(Signer, "ed25519", "cert,sign");

        AssertRefused(Trust(key), Manifest, _gpg.Sign(key, Manifest, "--textmode"), "does not fit");
    }

    [Fact]
    public void One_trusted_signature_among_several_is_enough()
    {
        var key = _gpg.Generate(Signer, "ed25519", "cert,sign");
        var own = _gpg.Sign(key, Manifest);
        var other = _gpg.Sign(_gpg.Generate("Other", "rsa2048", "cert,sign"), Manifest);
        var trusted = Trust(key);

        Assert.NotNull(trusted.Verify(Manifest, [.. other, .. own], Now).Signer);
        Assert.NotNull(trusted.Verify(Manifest, [.. own, .. other], Now).Signer);
        AssertRefused(trusted, Manifest, [.. other, .. other], "which is not trusted");
        AssertRefused(trusted, Manifest, [.. Enumerable.Repeat(own, 17).SelectMany(bytes => bytes)], "more than 16 signatures");
        AssertRefused(trusted, Manifest, [.. own, .. new byte[65 << 10]], "more than any signature");
    }

    [Fact]
    public void What_is_no_detached_signature_is_refused()
    {
        var key = _gpg.Generate(Signer, "ed25519", "cert,sign");
        var trusted = Trust(key);
        var signed = Path.Combine(_gpg.Folder, "signed");
        File.WriteAllBytes(signed, Manifest);
        _gpg.Run(["--yes", "--local-user", key, "--output", signed + ".gpg", "--sign", signed]).Ok();

        AssertRefused(trusted, Manifest, [], "is no OpenPGP signature");
        AssertRefused(trusted, Manifest, Manifest, "is no OpenPGP signature");
        AssertRefused(trusted, Manifest, File.ReadAllBytes(signed + ".gpg"), "is no OpenPGP signature");
        AssertRefused(trusted, Manifest, File.ReadAllBytes(_gpg.Export(key, armored: false)), "is no OpenPGP signature");
    }

    [Fact]
    public void A_signing_key_that_did_not_agree_to_be_somebodys_subkey_does_not_speak_for_them()
    {
        var victim = Pair();
        var thief = Pair();
        var flags = new PgpSignatureSubpacketGenerator();
        flags.SetKeyFlags(isCritical: false, PgpKeyFlags.CanSign);
        var generator = new PgpKeyRingGenerator(
            PgpSignature.PositiveCertification, thief, "Thief", SymmetricKeyAlgorithmTag.Null, HashAlgorithmTag.Sha512, rawPassPhrase: null,
            useSha1: false, null, null, new SecureRandom());
        generator.AddSubKey(victim, flags.Generate(), null, HashAlgorithmTag.Sha512);
        var file = Path.Combine(_gpg.Folder, "thief.gpg");
        File.WriteAllBytes(file, generator.GeneratePublicKeyRing().GetEncoded());
        var maker = new PgpSignatureGenerator(PublicKeyAlgorithmTag.EdDsa_Legacy, HashAlgorithmTag.Sha512);
        maker.InitSign(PgpSignature.BinaryDocument, victim.PrivateKey);
        maker.Update(Manifest);
        var signature = maker.Generate().GetEncoded();

        _gpg.Run(["--import", file]).Ok();
        Assert.NotEqual(0, _gpg.Verify(Manifest, signature).ExitCode);
        AssertRefused(TrustedSigners.Load([file], null, Now), Manifest, signature, "which is not trusted");
    }

    [Fact]
    public void Without_keys_nobody_is_asked_for_a_signature()
    {
        Assert.True(TrustedSigners.Load([], null, Now).IsEmpty);
        Assert.False(Trust(_gpg.Generate(Signer, "ed25519", "cert,sign")).IsEmpty);
    }

    [Fact]
    public void The_nodes_own_key_is_one_of_the_trusted()
    {
        var own = _gpg.Generate("Perb on pve1", "ed25519", "cert,sign");
        var other = _gpg.Generate(Signer, "ed25519", "cert,sign");
        var trusted = TrustedSigners.Load([_gpg.Export(other)], SigningKey.Load(_gpg.ExportSecret(own), groupMayRead: false, Now), Now);

        Assert.All([own, other], key => Assert.Equal(key, trusted.Verify(Manifest, _gpg.Sign(key, Manifest), Now).Signer?.Fingerprint));
    }

    [Fact]
    public void Every_faulty_file_is_named_at_once()
    {
        var key = _gpg.Generate(Signer, "ed25519", "cert,sign");
        var text = Path.Combine(_gpg.Folder, "text.asc");
        File.WriteAllText(text, "no key at all");
        string[] files = [text, "/nonexistent/key.asc", _gpg.ExportSecret(key)];

        var refused = Assert.Throws<SignerException>(() => TrustedSigners.Load([_gpg.Export(key), .. files], null, Now));

        Assert.Equal(files, refused.Faults.Select(fault => fault.File));
        Assert.Contains("Trusted is the public one", refused.Faults[^1].Reason, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
    }

    [Fact]
    public void A_hostile_user_id_cannot_steer_a_terminal()
    {
        var key = _gpg.Generate("\u202Eevil " + new string('x', 500), "ed25519", "cert,sign");

        var signer = Trust(key).Verify(Manifest, _gpg.Sign(key, Manifest), Now).Signer!.ToString();

        Assert.InRange(signer.Length, 50, 120);
        Assert.Contains("\\u{202E}evil", signer, StringComparison.Ordinal);
    }

    private TrustedSigners Trust(string fingerprint) => TrustedSigners.Load([_gpg.Export(fingerprint)], null, Now);

    private static string LoadFault(string file) =>
        Assert.Single(Assert.Throws<SignerException>(() => TrustedSigners.Load([file], null, Now)).Faults).Reason;

    private static void AssertRefused(TrustedSigners trusted, byte[] content, byte[] signature, string says)
    {
        var verdict = trusted.Verify(content, signature, Now);
        Assert.Null(verdict.Signer);
        Assert.Contains(says, verdict.WhyNot, StringComparison.Ordinal);
        Assert.DoesNotContain(verdict.WhyNot, char.IsControl);
    }

    private static PgpKeyPair Pair()
    {
        var generator = new Ed25519KeyPairGenerator();
        generator.Init(new Ed25519KeyGenerationParameters(new SecureRandom()));
        return new PgpKeyPair(PublicKeyAlgorithmTag.EdDsa_Legacy, generator.GenerateKeyPair(), new DateTime(2024, 1, 1, 0, 0, 0, DateTimeKind.Utc));
    }
}
