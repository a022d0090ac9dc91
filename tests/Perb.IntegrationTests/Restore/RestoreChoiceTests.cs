using Perb.IntegrationTests.Installation;
using Perb.IntegrationTests.Signing;
using Perb.IntegrationTests.Transfer;

namespace Perb.IntegrationTests.Restore;

/// <summary>Which backup is taken, and whose is believed.</summary>
public sealed class RestoreChoiceTests(SharedKey key) : IClassFixture<SharedKey>
{
    private const string X = Workplace.RemoteName;
    private const string Newer = "100-2026_11_21-02_00_01";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(null, "100-2026_11_22-02_00_01")]
    [InlineData("2026-11-21 12:00", "100-2026_11_20-02_00_01")]
    [InlineData("2026-11-20", "100-2026_11_20-02_00_01")]
    [InlineData("2019-01-01", null)]
    public async Task A_guest_means_its_newest_backup_up_to_a_time(string? at, string? name)
    {
        using var place = await SealedAsync();
        Claim(place, "100-2026_11_22-02_00_01");
        File.WriteAllText(Path.Combine(place.Staging, Newer + ".001-of-002.enc"), "half a set");
        File.WriteAllText(Path.Combine(place.Staging, "100-2026_11_23-02_00_01.enc"), "as PERB would name it, or an upload that did not end");
        File.WriteAllText(Path.Combine(place.Staging, "1000-2026_11_24-02_00_01.enc"), "another guest");

        var ended = await RestoreCall.RunAsync(
            key.Gpg, ["restore", "100", "--remote", place.Staging, "--to", place.Restored, .. at is null ? (string[])[] : ["--at", at]]);

        // Which one was taken is seen by what is wrong with it: all but one are copies under another name.
        if (name is null)
        {
            Assert.Contains("there is no backup of guest 100 up to 2019-01-01", ended.Errors, StringComparison.Ordinal);
        }
        else
        {
            Assert.Contains($"Restoring {name}", ended.Errors, StringComparison.Ordinal);
            Assert.Equal(name == X ? 0 : 1, ended.ExitCode);
        }
    }

    [Fact]
    public async Task A_backup_without_a_manifest_is_refused_by_its_name()
    {
        using var place = await SealedAsync();
        File.WriteAllText(Path.Combine(place.Staging, Newer + ".001-of-002.enc"), "half a set");

        var ended = await RestoreCall.RunAsync(key.Gpg, "restore", Newer, "--remote", place.Staging, "--to", place.Restored);

        Assert.Equal(1, ended.ExitCode);
        OneLine.In(ended, Newer, "no manifest");
    }

    [Fact]
    public async Task Only_signed_backups_are_restored_where_a_signer_is_named()
    {
        using var place = await SealedAsync();
        var signer = key.Gpg.Export(key.Fingerprint);

        var unsigned = await RestoreAsync(place, "100", "--signer", signer);
        Assert.Equal(1, unsigned.ExitCode);
        OneLine.In(unsigned, $"{X}.sums is not signed", "--allow-unsigned");
        place.AssertNothingRestored();

        using var stranger = new GpgHome();
        var strangers = stranger.Generate("Stranger <s@perb.test>", "ed25519", "sign");
        Sign(place, stranger, strangers);
        var forged = await RestoreAsync(place, "100", "--signer", signer);
        Assert.Equal(1, forged.ExitCode);
        OneLine.In(forged, strangers, "which is not trusted");

        Sign(place, key.Gpg, key.Fingerprint);
        var signed = await RestoreAsync(place, "100", "--signer", signer, "--json");
        Assert.Equal(key.Fingerprint, (string)signed.Document()["signedBy"]!);
        place.AssertRestoredAlone();
    }

    [Fact]
    public async Task A_newer_backup_that_nobody_trusted_signed_is_passed_over_and_said()
    {
        using var place = await SealedAsync();
        Sign(place, key.Gpg, key.Fingerprint);
        Claim(place, Newer);

        var ended = await RestoreAsync(place, "100", "--signer", key.Gpg.Export(key.Fingerprint));

        Assert.True(ended.ExitCode == 0, ended.Errors);
        Assert.Contains($"{Newer} on {place.Staging} is newer and passed over: {Newer}.sums is not signed", ended.Errors, StringComparison.Ordinal);
        place.AssertRestoredAlone();
    }

    [Fact]
    public async Task A_manifest_that_was_changed_after_it_was_signed_is_refused()
    {
        using var place = await SealedAsync();
        Sign(place, key.Gpg, key.Fingerprint);
        var manifest = Path.Combine(place.Staging, X + ".sums");
        await File.WriteAllTextAsync(manifest, (await File.ReadAllTextAsync(manifest, Token)).Replace("# archive-size 2", "# archive-size 3", StringComparison.Ordinal), Token);

        var ended = await RestoreAsync(place, X, "--signer", key.Gpg.Export(key.Fingerprint));

        Assert.Equal(1, ended.ExitCode);
        OneLine.In(ended, "does not fit it");
    }

    [Theory]
    [InlineData("", "is damaged or of a newer perb")]
    [InlineData("# Perb manifest, format 2\n", "a newer one is needed")]
    public async Task A_manifest_that_cannot_be_read_is_said(string text, string words)
    {
        using var place = await SealedAsync();
        await File.WriteAllTextAsync(Path.Combine(place.Staging, X + ".sums"), text, Token);

        var ended = await RestoreAsync(place, X);

        Assert.Equal(1, ended.ExitCode);
        OneLine.In(ended, X + ".sums", words);
    }

    [Fact]
    public async Task A_whole_backup_under_the_name_of_another_is_refused()
    {
        using var place = await SealedAsync();
        Claim(place, Newer);

        var ended = await RestoreAsync(place, Newer);

        Assert.Equal(1, ended.ExitCode);
        Assert.Contains($"says that it is '{X}.enc'", ended.Errors, StringComparison.Ordinal);
        place.AssertNothingRestored();
    }

    /// <summary>All files again under another name, the manifest made to fit.</summary>
    private static void Claim(Workplace place, string name)
    {
        File.Copy(Path.Combine(place.Staging, X + ".enc"), Path.Combine(place.Staging, name + ".enc"));
        File.WriteAllText(
            Path.Combine(place.Staging, name + ".sums"),
            File.ReadAllText(Path.Combine(place.Staging, X + ".sums")).Replace(X, name, StringComparison.Ordinal));
    }

    private static void Sign(Workplace place, GpgHome gpg, string fingerprint) => File.WriteAllBytes(
        Path.Combine(place.Staging, X + ".sums.sig"), gpg.Sign(fingerprint, File.ReadAllBytes(Path.Combine(place.Staging, X + ".sums"))));

    private async Task<Workplace> SealedAsync()
    {
        var place = new Workplace(200_000);
        await place.SealAsync(place.Plan(key.Recipients, 1 << 30), key.Recipients);
        return place;
    }

    private Task<Ended> RestoreAsync(Workplace place, string named, params string[] more) =>
        RestoreCall.RunAsync(key.Gpg, ["restore", named, "--remote", place.Staging, "--to", place.Restored, .. more]);
}
