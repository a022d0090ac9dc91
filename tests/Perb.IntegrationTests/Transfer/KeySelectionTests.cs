using Org.BouncyCastle.Bcpg.OpenPgp;
using Perb.Transfer.Keys;

namespace Perb.IntegrationTests.Transfer;

/// <summary>Keys that mislead a naive choice: made by gpg, and judged by what gpg itself encrypts to.</summary>
public sealed class KeySelectionTests() : KeySelection(GpgVersion.Installed);

/// <summary>The same with the keys and the judgement of GnuPG 2.4.</summary>
[Trait("Suite", "long")]
public sealed class KeySelection24Tests() : KeySelection(GpgVersion.Gpg24);

public abstract class KeySelection(GpgVersion version) : IDisposable
{
    private const string Me = "Somebody <somebody@perb.test>";
    private const string Past = "20240601T000000";
    private static readonly HashSet<string> None = [];
    private readonly GpgHome _gpg = new(version);

    public void Dispose() => _gpg.Dispose();

    [Fact]
    public void A_plain_rsa_key_is_encrypted_to_by_its_subkey()
    {
        var key = _gpg.Generate(Me, "rsa3072", "cert,sign");
        var subkey = _gpg.Add(key, "rsa3072", "encr");
        Assert.Equal(subkey, ChosenAsGpgDoes(key).SubkeyFingerprint);
    }

    [Fact]
    public void A_primary_key_that_may_encrypt_is_used_only_without_a_subkey()
    {
        var key = _gpg.Generate(Me, "rsa2048", "cert,sign,encr");
        Assert.Equal(key, ChosenAsGpgDoes(key).SubkeyFingerprint);
        var subkey = _gpg.Add(key, "rsa2048", "encr");
        Assert.Equal(subkey, ChosenAsGpgDoes(key).SubkeyFingerprint);
    }

    [Fact]
    public void A_key_that_only_signs_is_refused()
    {
        var key = _gpg.Generate(Me, "rsa2048", "cert,sign");
        Assert.Contains("has no encryption key", RefusedAsGpgDoes(key));
    }

    [Fact]
    public void Signing_subkeys_are_passed_over()
    {
        var key = _gpg.Generate(Me, "rsa2048", "cert");
        _gpg.Add(key, "rsa2048", "sign", at: "20240103T000000");
        _gpg.Add(key, "rsa2048", "sign", at: "20240104T000000");
        var subkey = _gpg.Add(key, "rsa2048", "encr", at: "20240105T000000");
        Assert.Equal(subkey, ChosenAsGpgDoes(key).SubkeyFingerprint);
    }

    [Fact]
    public void A_newer_authentication_subkey_is_passed_over()
    {
        var key = _gpg.Generate(Me, "rsa2048", "cert,sign");
        var subkey = _gpg.Add(key, "rsa2048", "encr", at: "20240103T000000");
        _gpg.Add(key, "rsa2048", "auth", at: "20240104T000000");
        Assert.Equal(subkey, ChosenAsGpgDoes(key).SubkeyFingerprint);
    }

    [Fact]
    public void The_newest_by_creation_wins_not_the_last_in_the_file()
    {
        var key = _gpg.Generate(Me, "ed25519", "cert,sign");
        var newest = _gpg.Add(key, "cv25519", "encr", at: "20240110T000000");
        _gpg.Add(key, "cv25519", "encr", at: "20240105T000000");
        Assert.Equal(newest, ChosenAsGpgDoes(key).SubkeyFingerprint);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_expired_subkey_is_passed_over_wherever_it_stands(bool expiredIsNewest)
    {
        var key = _gpg.Generate(Me, "ed25519", "cert,sign");
        var first = _gpg.Add(key, "cv25519", "encr", expiredIsNewest ? "never" : Past, "20240103T000000");
        var second = _gpg.Add(key, "cv25519", "encr", expiredIsNewest ? Past : "never", "20240104T000000");
        Assert.Equal(expiredIsNewest ? first : second, ChosenAsGpgDoes(key).SubkeyFingerprint);
    }

    [Fact]
    public void All_subkeys_expired_is_refused_with_the_date_unless_one_is_in_use()
    {
        var key = _gpg.Generate(Me, "ed25519", "cert,sign");
        var inUse = _gpg.Add(key, "cv25519", "encr", "20240501T000000", "20240103T000000");
        _gpg.Add(key, "cv25519", "encr", Past, "20240104T000000");
        Assert.Contains("expired on 2024-06-01", RefusedAsGpgDoes(key));

        var recipient = Assert.Single(RecipientKeys.Load([_gpg.Export(key)], Now, new HashSet<string> { inUse }));
        Assert.Equal(inUse, recipient.SubkeyFingerprint);
        Assert.Equal(new DateTimeOffset(2024, 5, 1, 0, 0, 0, TimeSpan.Zero), recipient.ExpiresAt);
    }

    [Fact]
    public void An_expiry_shortened_by_a_newer_binding_counts()
    {
        var key = _gpg.Generate(Me, "ed25519", "cert,sign");
        var first = _gpg.Add(key, "cv25519", "encr", at: "20240103T000000");
        var second = _gpg.Add(key, "cv25519", "encr", at: "20240104T000000");
        _gpg.Run(["--faked-system-time", "20240201T000000!", "--quick-set-expire", key, Past, second]).Ok();
        Assert.Equal(first, ChosenAsGpgDoes(key).SubkeyFingerprint);
    }

    [Fact]
    public void An_expiry_extended_by_a_newer_binding_counts()
    {
        var key = _gpg.Generate(Me, "ed25519", "cert,sign");
        _gpg.Add(key, "cv25519", "encr", at: "20240103T000000");
        var second = _gpg.Add(key, "cv25519", "encr", Past, "20240104T000000");
        _gpg.Run(["--quick-set-expire", key, "2y", second]).Ok();
        var chosen = ChosenAsGpgDoes(key);
        Assert.Equal(second, chosen.SubkeyFingerprint);
        Assert.True(chosen.ExpiresAt > Now);
    }

    [Fact]
    public void An_expired_primary_key_takes_its_subkeys_along_until_it_is_extended()
    {
        var key = _gpg.Generate(Me, "ed25519", "cert,sign", Past);
        var subkey = _gpg.Add(key, "cv25519", "encr");
        Assert.Contains("expired on 2024-06-01", RefusedAsGpgDoes(key));
        Assert.Equal(subkey, Assert.Single(RecipientKeys.Load([_gpg.Export(key)], Now, new HashSet<string> { subkey })).SubkeyFingerprint);

        _gpg.Run(["--quick-set-expire", key, "2y"]).Ok();
        Assert.Equal(subkey, ChosenAsGpgDoes(key).SubkeyFingerprint);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_revoked_subkey_is_passed_over_wherever_it_stands(int revoked)
    {
        var key = _gpg.Generate(Me, "ed25519", "cert,sign");
        string[] subkeys =
        [
            _gpg.Add(key, "cv25519", "encr", at: "20240103T000000"),
            _gpg.Add(key, "cv25519", "encr", at: "20240104T000000"),
        ];
        Edit(key, $"key {revoked}\nrevkey\ny\n0\n\ny\nsave\n");
        Assert.Equal(subkeys[2 - revoked], ChosenAsGpgDoes(key).SubkeyFingerprint);
    }

    [Fact]
    public void Only_revoked_subkeys_are_refused_even_if_in_use()
    {
        var key = _gpg.Generate(Me, "ed25519", "cert,sign");
        var subkey = _gpg.Add(key, "cv25519", "encr");
        Edit(key, "key 1\nrevkey\ny\n0\n\ny\nsave\n");
        Assert.Contains("every encryption subkey", RefusedAsGpgDoes(key));
        Assert.Throws<RecipientException>(() => RecipientKeys.Load([_gpg.Export(key)], Now, new HashSet<string> { subkey }));
    }

    [Fact]
    public void A_revoked_key_is_refused()
    {
        var key = _gpg.Generate(Me, "ed25519", "cert,sign");
        _gpg.Add(key, "cv25519", "encr");
        var revocation = File.ReadAllText(Path.Combine(_gpg.Folder, "openpgp-revocs.d", key + ".rev"));
        var file = Path.Combine(_gpg.Folder, "revocation.asc");
        File.WriteAllText(file, revocation.Replace(":-----BEGIN", "-----BEGIN"));
        _gpg.Run(["--import", file]).Ok();
        Assert.Contains("is revoked", RefusedAsGpgDoes(key));
    }

    [Fact]
    public void Several_user_ids_one_revoked_change_nothing()
    {
        var key = _gpg.Generate(Me, "ed25519", "cert,sign");
        var subkey = _gpg.Add(key, "cv25519", "encr");
        _gpg.Run(["--quick-add-uid", key, "Second <second@perb.test>"]).Ok();
        _gpg.Run(["--quick-revoke-uid", key, Me]).Ok();
        var chosen = ChosenAsGpgDoes(key);
        Assert.Equal(subkey, chosen.SubkeyFingerprint);
        Assert.Equal("Second <second@perb.test>", chosen.UserId);
    }

    [Fact]
    public void A_foreign_subkey_without_a_binding_is_passed_over()
    {
        var key = _gpg.Generate(Me, "ed25519", "cert,sign");
        var own = _gpg.Add(key, "cv25519", "encr");
        var thief = _gpg.Generate("Thief <thief@perb.test>", "ed25519", "cert,sign");
        _gpg.Add(thief, "cv25519", "encr", at: "20250101T000000");
        var forged = PgpPublicKeyRing.InsertPublicKey(
            Ring(key), Ring(thief).GetPublicKeys().Single(part => !part.IsMasterKey));
        var file = Path.Combine(_gpg.Folder, "forged.gpg");
        File.WriteAllBytes(file, forged.GetEncoded());

        Assert.Equal(own, Assert.Single(RecipientKeys.Load([file], Now, None)).SubkeyFingerprint);
    }

    [Fact]
    public void A_changed_key_is_refused()
    {
        var key = _gpg.Generate(Me, "ed25519", "cert,sign");
        _gpg.Add(key, "cv25519", "encr");
        var file = _gpg.Export(key, armored: false);
        var bytes = File.ReadAllBytes(file);

        // The last octet of the primary key's point: the packet still parses, but no signature fits it.
        var length = bytes[1];
        bytes[1 + length] ^= 1;
        File.WriteAllBytes(file, bytes);

        Assert.Contains("no valid self-signature", Refusal(file));
    }

    [Fact]
    public void A_private_key_is_refused_loudly_armored_binary_and_behind_a_public_one()
    {
        var key = _gpg.Generate(Me, "ed25519", "cert,sign");
        _gpg.Add(key, "cv25519", "encr");
        var armored = Path.Combine(_gpg.Folder, "secret.asc");
        var binary = Path.Combine(_gpg.Folder, "secret.gpg");
        _gpg.Run(["--armor", "--output", armored, "--export-secret-keys", key]).Ok();
        _gpg.Run(["--output", binary, "--export-secret-keys", key]).Ok();
        var both = Path.Combine(_gpg.Folder, "both.asc");
        File.WriteAllText(both, File.ReadAllText(_gpg.Export(key)) + File.ReadAllText(armored));
        var bothBinary = Path.Combine(_gpg.Folder, "both.gpg");
        File.WriteAllBytes(bothBinary, [.. File.ReadAllBytes(_gpg.Export(key, armored: false)), .. File.ReadAllBytes(binary)]);

        Assert.All([armored, binary, both, bothBinary], file => Assert.Contains("PRIVATE key", Refusal(file)));
    }

    [Fact]
    public void Two_keys_in_one_file_are_refused_the_same_key_twice_is_one()
    {
        var key = _gpg.Generate(Me, "ed25519", "cert,sign");
        var subkey = _gpg.Add(key, "cv25519", "encr");
        var other = _gpg.Generate("Other <other@perb.test>", "ed25519", "cert,sign");
        _gpg.Add(other, "cv25519", "encr");
        var file = Path.Combine(_gpg.Folder, "two.asc");

        File.WriteAllText(file, File.ReadAllText(_gpg.Export(key)) + File.ReadAllText(_gpg.Export(other)));
        Assert.Contains("one key per file", Refusal(file));

        File.WriteAllText(file, File.ReadAllText(_gpg.Export(key)) + File.ReadAllText(_gpg.Export(key)));
        Assert.Equal(subkey, Assert.Single(RecipientKeys.Load([file], Now, None)).SubkeyFingerprint);
    }

    [Fact]
    public void A_newer_export_appended_to_an_older_one_counts_too()
    {
        var key = _gpg.Generate(Me, "ed25519", "cert,sign");
        _gpg.Add(key, "cv25519", "encr");
        var older = File.ReadAllText(_gpg.Export(key));
        var newer = _gpg.Add(key, "cv25519", "encr", at: "20240301T000000");
        var file = Path.Combine(_gpg.Folder, "grown.asc");
        File.WriteAllText(file, older + File.ReadAllText(_gpg.Export(key)));

        Assert.Equal(newer, Assert.Single(RecipientKeys.Load([file], Now, None)).SubkeyFingerprint);
    }

    [Fact]
    public void Every_faulty_file_is_named_at_once()
    {
        var key = _gpg.Generate(Me, "ed25519", "cert,sign");
        var text = Path.Combine(_gpg.Folder, "text.asc");
        File.WriteAllText(text, "no key at all");
        var exception = Assert.Throws<RecipientException>(
            () => RecipientKeys.Load([_gpg.Export(key), text, "/nonexistent/key.asc", _gpg.Folder], Now, None));

        Assert.Equal(4, exception.Faults.Count);
        Assert.False(exception.IsTransient);
        Assert.DoesNotContain('\n', exception.Message);
    }

    [Fact]
    public void Ocb_is_advertised_where_gpg_lists_the_feature()
    {
        var key = _gpg.Generate(Me, "ed25519", "cert,sign");
        _gpg.Add(key, "cv25519", "encr");

        // gpg 2.2 makes keys without the feature; newer ones with it.
        var expected = _gpg.ListPackets(_gpg.Export(key)).Split('\n')
            .Any(line => line.Contains("hashed subpkt 30") && Convert.ToInt32(line.Split("features: ")[1].TrimEnd(')'), 16) is var bits && (bits & 2) != 0);
        Assert.Equal(expected, ChosenAsGpgDoes(key).AdvertisesOcb);
    }

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    private Recipient ChosenAsGpgDoes(string key)
    {
        var armored = Assert.Single(RecipientKeys.Load([_gpg.Export(key)], Now, None));
        var binary = Assert.Single(RecipientKeys.Load([_gpg.Export(key, armored: false)], Now, None));
        Assert.Equal(armored.SubkeyFingerprint, binary.SubkeyFingerprint);
        Assert.Equal(key, armored.Fingerprint);
        Assert.Equal(_gpg.Choice(key), armored.SubkeyFingerprint[^16..]);
        return armored;
    }

    private string RefusedAsGpgDoes(string key)
    {
        Assert.Null(_gpg.Choice(key));
        return Refusal(_gpg.Export(key));
    }

    private static string Refusal(string file) =>
        Assert.Single(Assert.Throws<RecipientException>(() => RecipientKeys.Load([file], Now, None)).Faults).Reason;

    private PgpPublicKeyRing Ring(string key) => new(File.ReadAllBytes(_gpg.Export(key, armored: false)));

    private void Edit(string key, string commands) => _gpg.Run(["--command-fd", "0", "--expert", "--edit-key", key], commands).Ok();
}
