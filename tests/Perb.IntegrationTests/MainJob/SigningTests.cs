using System.Text.Json.Nodes;
using Perb.IntegrationTests.Installation;
using Perb.IntegrationTests.Signing;
using Perb.IntegrationTests.Transfer;
using Perb.TestKit;

namespace Perb.IntegrationTests.MainJob;

/// <summary>Manifests with the node's signature: gpg proves them, and nothing else on a remote is believed or written over.</summary>
[Trait("Suite", "long")]
public sealed class SigningTests(SharedKey key) : IClassFixture<SharedKey>
{
    private const int Killed = 137;
    private const string SigningKey = "Encryption:SigningKey";
    private const string TrustedSigners = "Encryption:TrustedSigners";

    private GpgHome Gpg => key.Gpg;

    [Fact]
    public async Task A_copy_has_a_signature_that_gpg_verifies()
    {
        await using var perb = await StartAsync();
        var name = perb.AddArchive(101, TimeSpan.FromHours(1));
        perb.Configure((SigningKey, Own()));

        await OkAsync(perb);

        AssertSigned(perb, name);
    }

    [Fact]
    [Trait("Suite", "long")]
    public async Task A_signing_key_may_be_a_credential_of_systemd()
    {
        await using var perb = await StartAsync();
        var name = perb.AddArchive(101, TimeSpan.FromHours(1));
        var credential = Path.Combine(perb.FolderOf("credentials"), "signing-key");
        File.Copy(Own(), credential);
        File.SetUnixFileMode(credential, UnixFileMode.UserRead | UnixFileMode.GroupRead); // as systemd's access list shows
        perb.Configure((SigningKey, "signing-key"));

        var once = await perb.RunAsync(new Dictionary<string, string?> { ["CREDENTIALS_DIRECTORY"] = perb.PathOf("credentials") }, "once");

        Assert.True(once.ExitCode == 0, once.Errors);
        AssertSigned(perb, name);
    }

    [Fact]
    public async Task With_an_expired_key_volumes_are_sent_and_manifests_wait_for_another()
    {
        await using var perb = await StartAsync();
        var name = perb.AddArchive(101, TimeSpan.FromHours(1));
        perb.Configure((SigningKey, Gpg.ExportSecret(Gpg.Generate("Expired", "ed25519", "cert,sign", "20240601T000000"))));

        var once = await perb.RunAsync("once");

        Assert.Equal(75, once.ExitCode);
        OneLine.NoTrace(once);
        Assert.Contains("(Expired), expired on 2024-06-01", once.Errors, StringComparison.Ordinal);
        Assert.Equal([$"{name}.enc", "perb.json"], perb.Objects());
        Assert.Contains("signing key", (string?)Assert.Single((await perb.StatusAsync())["troubles"]!.AsArray())!["text"], StringComparison.Ordinal);

        perb.Configure((SigningKey, Own()));
        await OkAsync(perb);
        AssertSigned(perb, name);
    }

    [Fact]
    public async Task A_signature_without_its_manifest_is_replaced_by_the_next_run()
    {
        await using var perb = await StartAsync();
        var (name, rclone) = await KilledAsync(perb, "copyto*.sums", (SigningKey, Own()));
        Assert.Contains($"{name}.sums.sig", perb.Objects());
        Assert.DoesNotContain($"{name}.sums", perb.Objects());

        await OkAsync(perb);

        AssertSigned(perb, name);
        Assert.Equal((2, 1), (rclone.Copies($"{name}.sums.sig"), rclone.Copies($"{name}.sums") - 1));
        Assert.Equal(1, rclone.Copies($"{name}.enc"));
    }

    [Fact]
    [Trait("Suite", "long")]
    public async Task A_signature_that_arrived_wrong_is_removed_and_made_anew()
    {
        await using var perb = await StartAsync();
        var name = perb.AddArchive(101, TimeSpan.FromHours(1));
        perb.ConfigureFaulty((SigningKey, Own())).Corrupts("copyto*.sums.sig");

        var first = await perb.RunAsync("once");

        Assert.Equal(3, first.ExitCode);
        Assert.Contains("it must have", first.Errors, StringComparison.Ordinal);
        Assert.Equal([$"{name}.enc", "perb.json"], perb.Objects());
        await OkAsync(perb);
        AssertSigned(perb, name);
    }

    [Fact]
    [Trait("Suite", "long")]
    public async Task A_manifest_that_was_sent_but_not_recorded_is_taken_over_with_its_signature()
    {
        await using var perb = await StartAsync();
        var (name, rclone) = await KilledAsync(perb, "lsjson*--stat*.sums", (SigningKey, Own()));

        await OkAsync(perb);

        AssertSigned(perb, name);
        Assert.Equal((1, 1), (rclone.Copies($"{name}.sums.sig"), rclone.Copies($"{name}.sums")));
    }

    [Theory]
    [InlineData(".sums")]
    [InlineData(".sums.sig")]
    public async Task A_manifest_or_signature_that_was_cut_short_is_removed_and_published_again(string suffix)
    {
        await using var perb = await StartAsync();
        var (name, rclone) = await KilledAsync(perb, "lsjson*--stat*.sums", (SigningKey, Own()));
        var cut = Path.Combine(perb.RemoteFolder, name + suffix);
        await File.WriteAllBytesAsync(cut, File.ReadAllBytes(cut)[..^7], TestContext.Current.CancellationToken);

        await OkAsync(perb);

        AssertSigned(perb, name);
        Assert.Equal(1, rclone.Copies($"{name}.enc"));
    }

    [Fact]
    public async Task A_manifest_of_this_stores_own_records_is_taken_over_although_signing_began_only_now()
    {
        await using var perb = await StartAsync();
        var (name, rclone) = await KilledAsync(perb, "lsjson*--stat*.sums");
        perb.ConfigureFaulty((SigningKey, Own()));

        await OkAsync(perb);

        perb.AssertWhole(name, volumes: 1);
        Assert.Equal(1, rclone.Copies($"{name}.sums"));
    }

    [Fact]
    [Trait("Suite", "long")]
    public async Task A_signature_of_a_run_that_signed_does_not_stay_beside_a_manifest_without_one()
    {
        await using var perb = await StartAsync();
        var (name, _) = await KilledAsync(perb, "copyto*.sums", (SigningKey, Own()));
        perb.ConfigureFaulty();

        await OkAsync(perb);

        perb.AssertWhole(name, volumes: 1);
    }

    [Fact]
    [Trait("Suite", "long")]
    public async Task A_void_plan_takes_the_signature_along()
    {
        await using var perb = await StartAsync();
        var (name, rclone) = await KilledAsync(perb, "copyto*.sums", (SigningKey, Own()));
        var other = Gpg.Generate("Other", "ed25519", "cert,sign");
        Gpg.Add(other, "cv25519", "encr");
        perb.ConfigureFaulty((SigningKey, Own()), ("Encryption:Recipients", new JsonArray(Gpg.Export(other))));
        rclone.Kills("copyto*.enc");

        Assert.Equal(Killed, (await perb.RunAsync("once")).ExitCode);
        Assert.Equal(["perb.json"], perb.Objects());
        await OkAsync(perb);
        AssertSigned(perb, name);
    }

    [Fact]
    [Trait("Suite", "long")]
    public async Task A_lost_store_takes_over_what_was_signed_and_says_by_whom()
    {
        await using var perb = await StartAsync();
        var name = await PublishedAndForgottenAsync(perb, (SigningKey, Own()));

        var once = await OkAsync(perb);

        Assert.Contains($"is signed by {key.Fingerprint}", once.Errors, StringComparison.Ordinal);
        AssertSigned(perb, name);
    }

    [Fact]
    [Trait("Suite", "long")]
    public async Task A_key_of_before_is_trusted_where_it_is_named()
    {
        await using var perb = await StartAsync();
        var name = await PublishedAndForgottenAsync(perb, (SigningKey, Own()));
        var successor = Gpg.ExportSecret(Gpg.Generate("Successor", "ed25519", "cert,sign"));

        await ConflictAsync(perb, name, $"is signed by {key.Fingerprint}, which is not trusted", (SigningKey, successor));

        Forget(perb);
        perb.Configure((SigningKey, successor), (TrustedSigners, new JsonArray(Gpg.Export(key.Fingerprint))));
        await OkAsync(perb);
    }

    [Fact]
    public async Task A_copy_without_signature_is_not_taken_over_until_a_trusted_signer_signs_it()
    {
        await using var perb = await StartAsync();
        var name = await PublishedAndForgottenAsync(perb);
        await ConflictAsync(perb, name, "is not signed", (SigningKey, Own()));

        // What OPERATIONS tells a person who knows that it is theirs.
        var manifest = Path.Combine(perb.RemoteFolder, $"{name}.sums");
        File.WriteAllBytes(manifest + ".sig", Gpg.Sign(key.Fingerprint, File.ReadAllBytes(manifest)));
        Forget(perb);

        await OkAsync(perb);
        AssertSigned(perb, name);
    }

    [Theory]
    [Trait("Suite", "long")]
    [InlineData("the manifest", "does not fit")]
    [InlineData("the signature", "does not fit")]
    [InlineData("the signer", "which is not trusted")]
    [InlineData("a large signature", "is not signed")]
    public async Task A_forged_copy_is_not_taken_over_and_nothing_is_sent_over_it(string forged, string says)
    {
        await using var perb = await StartAsync();
        var name = await PublishedAndForgottenAsync(perb, (SigningKey, Own()));
        var manifest = Path.Combine(perb.RemoteFolder, $"{name}.sums");
        switch (forged)
        {
            case "the manifest":
                File.WriteAllText(manifest, File.ReadAllText(manifest).Replace("# volume-size 4194304", "# volume-size 4194305", StringComparison.Ordinal));
                break;
            case "the signature":
                File.WriteAllBytes(manifest + ".sig", Gpg.Sign(key.Fingerprint, "something else"u8.ToArray()));
                break;
            case "the signer":
                File.WriteAllBytes(manifest + ".sig", Gpg.Sign(Gpg.Generate("Forger", "ed25519", "cert,sign"), File.ReadAllBytes(manifest)));
                break;
            default:
                File.WriteAllBytes(manifest + ".sig", new byte[100_000]);
                break;
        }

        await ConflictAsync(perb, name, says, (SigningKey, Own()));
    }

    [Fact]
    public async Task Every_key_file_that_will_not_do_is_one_line()
    {
        await using var perb = await StartAsync();
        var open = perb.WriteSecret("open.asc", File.ReadAllText(Own()));
        File.SetUnixFileMode(open, UnixFileMode.UserRead | UnixFileMode.GroupRead);
        var letter = perb.WriteSecret("letter.txt", "Dear administrator\n");
        perb.Configure((SigningKey, open), (TrustedSigners, new JsonArray(letter, perb.PathOf("absent.asc"))), ("Encryption:Recipients", new JsonArray(letter)));

        var ended = await perb.RunAsync("once");

        Assert.Equal(78, ended.ExitCode);
        OneLine.Each(
            ended,
            $"Perb:Encryption:Recipients: {letter}: is not an OpenPGP public key",
            $"Perb:Encryption:SigningKey: {open}: is open to others: chmod 600 {open}",
            $"Perb:Encryption:TrustedSigners: {letter}: is not an OpenPGP public key",
            $"Perb:Encryption:TrustedSigners: {perb.PathOf("absent.asc")}: is not there");
    }

    [Fact]
    [Trait("Suite", "long")]
    public async Task A_trusted_signer_that_others_can_replace_is_refused()
    {
        await using var perb = await StartAsync();
        var file = perb.WriteSecret("signer.asc", File.ReadAllText(Gpg.Export(key.Fingerprint)));
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.OtherWrite);
        perb.Configure((TrustedSigners, new JsonArray(file)));

        var ended = await perb.RunAsync("once");

        Assert.Equal(78, ended.ExitCode);
        OneLine.In(ended, $"Perb:Encryption:TrustedSigners: {file}", "forged backups", "chmod go-w");
    }

    [Fact]
    [Trait("Suite", "long")]
    public async Task Signing_that_is_about_to_end_or_was_forgotten_is_said_at_start()
    {
        await using var perb = await StartAsync();
        perb.Configure((TrustedSigners, new JsonArray(Gpg.Export(key.Fingerprint))));
        Assert.Contains("this node does not sign its own", (await OkAsync(perb)).Errors, StringComparison.Ordinal);

        var days = (int)(TimeProvider.System.GetUtcNow() - new DateTimeOffset(2024, 1, 1, 0, 0, 0, TimeSpan.Zero)).TotalDays + 10;
        perb.Configure((SigningKey, Gpg.ExportSecret(Gpg.Generate("Soon", "ed25519", "cert,sign", $"{days}d"))));
        Assert.Contains("(Soon), expires", (await OkAsync(perb)).Errors, StringComparison.Ordinal);
    }

    private static async Task<Ended> OkAsync(PerbInstallation perb)
    {
        var once = await perb.RunAsync("once");
        Assert.True(once.ExitCode == 0, once.Errors);
        return once;
    }

    // The recipient's own primary key, without the subkey that decrypts: that one is refused.
    private string Own() => Gpg.ExportSecret(key.Fingerprint + "!");

    private Task<PerbInstallation> StartAsync() => PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);

    private static async Task<(string Name, FaultyRclone Rclone)> KilledAsync(PerbInstallation perb, string at, params (string Key, JsonNode? Value)[] overrides)
    {
        var name = perb.AddArchive(101, TimeSpan.FromHours(1));
        var rclone = perb.ConfigureFaulty(overrides);
        rclone.Kills(at);
        Assert.Equal(Killed, (await perb.RunAsync("once")).ExitCode);
        Assert.True(rclone.HasStruck);
        return (name, rclone);
    }

    private static async Task<string> PublishedAndForgottenAsync(PerbInstallation perb, params (string Key, JsonNode? Value)[] overrides)
    {
        var name = perb.AddArchive(101, TimeSpan.FromHours(1));
        perb.Configure(overrides);
        await OkAsync(perb);
        Forget(perb);
        return name;
    }

    private static void Forget(PerbInstallation perb)
    {
        foreach (var file in Directory.EnumerateFiles(perb.State, "perb.db*"))
        {
            File.Delete(file);
        }
    }

    private static async Task ConflictAsync(PerbInstallation perb, string name, string says, params (string Key, JsonNode? Value)[] overrides)
    {
        perb.Configure(overrides);
        var before = Snapshot(perb);

        var once = await perb.RunAsync("once");

        Assert.True(once.ExitCode == 3, once.Errors);
        OneLine.NoTrace(once);
        var line = Assert.Single(once.Errors.Split('\n'), line => line.Contains("needs a person", StringComparison.Ordinal));
        Assert.Contains($"{name}.sums ", line, StringComparison.Ordinal);
        Assert.Contains(says, line, StringComparison.Ordinal);
        Assert.EndsWith("sign it or move it away, then retry", line.TrimEnd(), StringComparison.Ordinal);
        Assert.Equal(before, Snapshot(perb));
    }

    private static List<string> Snapshot(PerbInstallation perb) =>
        [.. perb.Objects().Select(name => $"{name} {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(Path.Combine(perb.RemoteFolder, name))))}")];

    // Whole, with a signature, and proven by the very line that the README gives.
    private void AssertSigned(PerbInstallation perb, string name)
    {
        Assert.Equal([$"{name}.enc", $"{name}.sums", $"{name}.sums.sig", "perb.json"], perb.Objects());
        var check = Gpg.Bash($"gpg --verify {name}.sums.sig {name}.sums && cksum -c {name}.sums", perb.RemoteFolder);
        Assert.True(check.ExitCode == 0, check.Output + check.Errors);
        Assert.Contains("Good signature", check.Errors, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(perb.Staging));
    }
}
