using System.Text;
using CliWrap;
using Perb.IntegrationTests.Transfer;
using Perb.Transfer.Signing;
using static Perb.IntegrationTests.Signing.GpgSigning;

namespace Perb.IntegrationTests.Signing;

/// <summary>The node's own key: whatever gpg exports as one, and what we make; gpg verifies what it signs.</summary>
public sealed class SigningKeyTests : IDisposable
{
    private const string Me = "Perb on pve1";
    private static readonly byte[] Manifest = "# Perb manifest, format 1\n"u8.ToArray();
    private readonly GpgHome _gpg = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _gpg.Dispose();

    [Fact]
    public async Task A_key_that_we_make_is_imported_by_gpg_and_signs_there_too()
    {
        var file = Path.Combine(_gpg.Folder, "signing.asc");
        var key = await NewSigningKey.CreateAsync(file, Me, Now, Stop);

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        using (var other = new GpgHome())
        {
            var publicKey = Path.Combine(other.Folder, "public.asc");
            await File.WriteAllTextAsync(publicKey, key.PublicKey, Stop);
            other.Run(["--import", publicKey]).Ok();
            Assert.Equal([key.Signer.Fingerprint], other.Fingerprints(Me));
            Assert.Equal(0, other.Verify(Manifest, key.Sign(Manifest, Now)).ExitCode);
        }

        _gpg.Run(["--import", file]).Ok();
        var listed = _gpg.Run(["--with-colons", "--list-secret-keys", key.Signer.Fingerprint]).Ok().Output;
        Assert.Matches("(?m)^sec:.:255:22:[0-9A-F]{16}:[0-9]+:::[^:]*:::scSC:", listed); // certifies and signs, for ever
        Assert.Equal(key.Signer, TrustedSigners.Load([], key, Now).Verify(Manifest, _gpg.Sign(Me, Manifest), Now).Signer);
    }

    [Fact]
    public async Task A_key_is_never_written_over()
    {
        var file = Path.Combine(_gpg.Folder, "signing.asc");
        await NewSigningKey.CreateAsync(file, Me, Now, Stop);
        var before = await File.ReadAllTextAsync(file, Stop);

        var refused = await Assert.ThrowsAsync<SignerException>(() => NewSigningKey.CreateAsync(file, Me, Now, Stop));

        Assert.Contains("is there already", refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllTextAsync(file, Stop));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_a_key_of_gpg_signs_is_proven_by_gpg(bool armored)
    {
        var fingerprint = _gpg.Generate(Me, "ed25519", "cert,sign");
        var key = SigningKey.Load(_gpg.ExportSecret(fingerprint, armored), groupMayRead: false, Now);

        AssertProven(key, Manifest, fingerprint);
        Assert.Equal($"{fingerprint} ({Me})", key.ToString());
        Assert.NotEqual(0, _gpg.Verify([.. Manifest, 1], key.Sign(Manifest, Now)).ExitCode);
    }

    [Fact]
    public void The_newest_signing_subkey_signs_as_in_gpg()
    {
        var fingerprint = _gpg.Generate(Me, "ed25519", "cert,sign");
        var newest = _gpg.Add(fingerprint, "ed25519", "sign", at: "20240110T000000");
        _gpg.Add(fingerprint, "ed25519", "sign", at: "20240105T000000");
        _gpg.Add(fingerprint, "cv25519", "encr", at: "20240115T000000");
        _gpg.Add(fingerprint, "ed25519", "sign", expire: "20240601T000000", at: "20240120T000000");

        AssertProven(SigningKey.Load(_gpg.ExportSecret(fingerprint), groupMayRead: false, Now), Manifest, newest);
        Assert.Contains(IssuerLine(newest), Packets(_gpg.Sign(fingerprint, Manifest)), StringComparison.Ordinal);
    }

    [Fact]
    public void Subkeys_without_their_primary_key_are_enough()
    {
        var fingerprint = _gpg.Generate(Me, "ed25519", "cert,sign");
        var subkey = _gpg.Add(fingerprint, "ed25519", "sign");

        AssertProven(SigningKey.Load(_gpg.ExportSecret(fingerprint, subkeysOnly: true), groupMayRead: false, Now), Manifest, subkey);
    }

    [Fact]
    public void A_revoked_signing_subkey_is_passed_over()
    {
        var fingerprint = _gpg.Generate(Me, "ed25519", "cert,sign");
        _gpg.Add(fingerprint, "ed25519", "sign");
        _gpg.RevokeSubkey(fingerprint, 1);

        AssertProven(SigningKey.Load(_gpg.ExportSecret(fingerprint), groupMayRead: false, Now), Manifest, fingerprint);
    }

    [Fact]
    public async Task Numbers_that_begin_with_zeros_are_written_so_that_gpg_reads_them()
    {
        var key = await NewSigningKey.CreateAsync(Path.Combine(_gpg.Folder, "signing.asc"), Me, Now, Stop);
        _gpg.Run(["--import", key.File]).Ok();

        // One signature in 128 or so has a first or second half that begins with eight zero bits, and so is shorter.
        var signed = Enumerable.Range(0, 5000).Select(i => Encoding.ASCII.GetBytes($"{i}\n"))
            .Select(content => (Content: content, Signature: key.Sign(content, Now))).ToList();
        var usual = signed.Max(pair => pair.Signature.Length);
        var shorter = signed.Where(pair => pair.Signature.Length < usual).Take(3).ToList();

        Assert.NotEmpty(shorter);
        Assert.All(shorter, pair => Assert.Equal(0, _gpg.Verify(pair.Content, pair.Signature).ExitCode));
    }

    [Theory]
    [InlineData("absent", "is not there")]
    [InlineData("directory", "is a directory")]
    [InlineData("fifo", "is a FIFO")]
    [InlineData("group reads", "is open to others: chmod 600 /")]
    [InlineData("others write", "is open to others: chmod 600 /")]
    [InlineData("text", "is not an OpenPGP secret key")]
    [InlineData("empty", "is not an OpenPGP secret key")]
    [InlineData("cut", "is not an OpenPGP secret key that can be read")]
    [InlineData("large", "too large for a key")]
    [InlineData("public", "gpg --armor --export-secret-keys")]
    [InlineData("open public", "holds a public key only")]
    [InlineData("several", "one key per file")]
    [InlineData("passphrase", "gpg --change-passphrase")]
    [InlineData("revoked", "is revoked")]
    [InlineData("future", "was made in the future")]
    [InlineData("rsa", "is no Ed25519 key but RSA;")]
    [InlineData("certify", "has no secret key in this file that may sign")]
    [InlineData("stub", "has no secret key in this file that may sign")]
    [InlineData("encrypted message", "is not an OpenPGP secret key")]
    public async Task A_file_that_will_not_do_is_refused_in_one_line(string what, string says)
    {
        var file = await MakeAsync(what);

        var refused = Assert.Throws<SignerException>(() => SigningKey.Load(file, groupMayRead: false, Now));

        var fault = Assert.Single(refused.Faults);
        Assert.Equal(file, fault.File);
        Assert.Contains(says, fault.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
        Assert.False(refused.IsTransient);
    }

    [Fact]
    public void The_private_key_that_decrypts_backups_is_called_so_whoever_may_read_it()
    {
        var fingerprint = _gpg.Generate(Me, "ed25519", "cert,sign");
        var subkey = _gpg.Add(fingerprint, "cv25519", "encr");
        var file = _gpg.ExportSecret(fingerprint);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead);

        var refused = Assert.Throws<SignerException>(() => SigningKey.Load(file, groupMayRead: false, Now, subkey));

        Assert.Contains("is the private key that backups are encrypted to", Assert.Single(refused.Faults).Reason, StringComparison.Ordinal);
        AssertProven(SigningKey.Load(_gpg.ExportSecret(fingerprint + "!"), groupMayRead: false, Now, subkey), Manifest, fingerprint);
    }

    [Fact]
    public void Systemds_credentials_may_be_read_by_the_group()
    {
        var file = _gpg.ExportSecret(_gpg.Generate(Me, "ed25519", "cert,sign"));
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.GroupRead);

        Assert.Equal(Me, SigningKey.Load(file, groupMayRead: true, Now).Signer.UserId);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.GroupWrite);
        Assert.Throws<SignerException>(() => SigningKey.Load(file, groupMayRead: true, Now));
    }

    [Fact]
    public void A_secret_that_does_not_belong_to_its_public_half_is_refused()
    {
        var file = _gpg.ExportSecret(_gpg.Generate(Me, "ed25519", "cert,sign"), armored: false);
        var bytes = File.ReadAllBytes(file);

        // The last octet of the secret number, right before the checksum: as if the file had been damaged together with that.
        var end = 2 + bytes[1];
        bytes[end - 3] ^= 1;
        bytes[end - 1] += (byte)((bytes[end - 3] & 1) == 1 ? 1 : -1);
        File.WriteAllBytes(file, bytes);

        var refused = Assert.Throws<SignerException>(() => SigningKey.Load(file, groupMayRead: false, Now));
        Assert.Contains("damaged", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_expired_key_signs_nothing_any_more()
    {
        var at = new DateTimeOffset(2024, 5, 1, 0, 0, 0, TimeSpan.Zero);
        var file = _gpg.ExportSecret(_gpg.Generate(Me, "ed25519", "cert,sign", "20240601T000000"));
        var (key, later) = (SigningKey.Load(file, groupMayRead: false, at), SigningKey.Load(file, groupMayRead: false, Now));

        Assert.Equal(new DateTimeOffset(2024, 6, 1, 0, 0, 0, TimeSpan.Zero), key.ExpiresAt);
        var before = key.Sign(Manifest, at);
        Assert.All([key, later], one =>
        {
            Assert.Contains("expired on 2024-06-01", Assert.Throws<SignerException>(() => one.Sign(Manifest, Now)).Message, StringComparison.Ordinal);
            Assert.Equal(key.Signer, TrustedSigners.Load([], one, Now).Verify(Manifest, before, Now).Signer);
        });
    }

    [Fact]
    public async Task A_clock_that_went_back_makes_no_signature_that_is_older_than_its_key()
    {
        var key = await NewSigningKey.CreateAsync(Path.Combine(_gpg.Folder, "signing.asc"), Me, Now, Stop);
        _gpg.Run(["--import", key.File]).Ok();

        Assert.Equal(0, _gpg.Verify(Manifest, key.Sign(Manifest, Now.AddDays(-3))).ExitCode);
    }

    private void AssertProven(SigningKey key, byte[] content, string by)
    {
        var signature = key.Sign(content, Now);
        var proven = _gpg.Verify(content, signature);
        Assert.True(proven.ExitCode == 0, proven.Errors);
        Assert.Contains(by, proven.Errors, StringComparison.Ordinal);

        // Version 4, a binary document, SHA-512; who made it stands in the signed part.
        var packets = Packets(signature);
        Assert.Contains(IssuerLine(by), packets, StringComparison.Ordinal);
        Assert.Contains("sigclass 0x00", packets, StringComparison.Ordinal);
        Assert.Contains("digest algo 10", packets, StringComparison.Ordinal);
    }

    private static string IssuerLine(string fingerprint) => $"hashed subpkt 33 len 21 (issuer fpr v4 {fingerprint})";

    private string Packets(byte[] signature)
    {
        var file = Path.Combine(_gpg.Folder, "signature");
        File.WriteAllBytes(file, signature);
        return _gpg.ListPackets(file);
    }

    private async Task<string> MakeAsync(string what)
    {
        var file = Path.Combine(_gpg.Folder, "key");
        switch (what)
        {
            case "absent":
                return file;
            case "directory":
                return _gpg.Folder;
            case "fifo":
                await new Command("mkfifo").WithArguments(["-m", "600", file]).ExecuteAsync(Stop);
                return file;
            case "text" or "empty" or "large":
                await File.WriteAllBytesAsync(file, what switch { "text" => Manifest, "large" => new byte[2 << 20], _ => [] }, Stop);
                File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
                return file;
            case "passphrase":
                _gpg.Run(["--passphrase", "secret", "--quick-generate-key", Me, "ed25519", "sign", "never"]).Ok();
                return _gpg.ExportSecret(_gpg.Fingerprints(Me)[0], passphrase: "secret");
            default:
                return await ChangeAsync(_gpg.Generate(
                    Me, what == "rsa" ? "rsa2048" : "ed25519", what == "certify" ? "cert" : "cert,sign", "never",
                    what == "future" ? "20380101T000000" : "20240101T000000"), what);
        }
    }

    private async Task<string> ChangeAsync(string fingerprint, string what)
    {
        switch (what)
        {
            case "public":
                var exported = _gpg.Export(fingerprint);
                File.SetUnixFileMode(exported, UnixFileMode.UserRead | UnixFileMode.UserWrite);
                return exported;
            case "open public":
                return _gpg.Export(fingerprint);
            case "encrypted message":
                var sealedFile = Path.Combine(_gpg.Folder, "message.gpg");
                _gpg.Run(["--symmetric", "--passphrase", "x", "--output", sealedFile, _gpg.Export(fingerprint)]).Ok();
                File.SetUnixFileMode(sealedFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
                return sealedFile;
            case "stub":
                _gpg.Add(fingerprint, "cv25519", "encr");
                return _gpg.ExportSecret(fingerprint, subkeysOnly: true);
            case "revoked":
                _gpg.Revoke(fingerprint);
                break;
        }

        var file = _gpg.ExportSecret(fingerprint, armored: what != "cut");
        switch (what)
        {
            case "group reads":
                File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.GroupRead);
                break;
            case "others write":
                File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.OtherWrite);
                break;
            case "several":
                var other = _gpg.ExportSecret(_gpg.Generate("Other", "ed25519", "cert,sign"));
                await File.AppendAllTextAsync(file, await File.ReadAllTextAsync(other, Stop), Stop);
                break;
            case "cut":
                await File.WriteAllBytesAsync(file, (await File.ReadAllBytesAsync(file, Stop))[..60], Stop);
                break;
        }

        return file;
    }
}
