using System.Text.Json.Nodes;
using Perb.IntegrationTests.Installation;

namespace Perb.IntegrationTests.BadInput;

/// <summary>Recipient files that cannot be encrypted to: 78, one line for each file.</summary>
public sealed class KeyFileTests(SharedInstallation shared) : IClassFixture<SharedInstallation>
{
    private readonly PerbInstallation _perb = shared.Perb;

    [Fact]
    public async Task Every_faulty_file_is_named_with_its_reason()
    {
        var gpg = _perb.Key.Gpg;
        var signOnly = gpg.Export(gpg.Generate("Signer <signer@perb.test>", "ed25519", "cert,sign"));
        var expired = gpg.Generate("Old <old@perb.test>", "ed25519", "cert,sign");
        gpg.Add(expired, "cv25519", "encr", expire: "2d");
        var privateKey = _perb.PathOf("private.asc");
        gpg.Run(["--armor", "--output", privateKey, "--yes", "--export-secret-keys", _perb.Key.Fingerprint]).Ok();
        File.WriteAllText(_perb.PathOf("letter.txt"), "Dear administrator\n");
        File.WriteAllText(_perb.PathOf("empty.asc"), "");
        string[] files =
        [
            signOnly, gpg.Export(expired), privateKey, _perb.PathOf("letter.txt"), _perb.PathOf("empty.asc"), _perb.PathOf("absent.asc"), _perb.RemoteFolder,
        ];
        _perb.Configure(("Encryption:Recipients", new JsonArray([.. files.Append(_perb.RecipientFile).Select(file => JsonValue.Create(file))])));

        var ended = await _perb.RunAsync("once");

        Assert.True(ended.ExitCode == 78, ended.Errors);
        OneLine.Each(ended, files);
        Assert.Contains("PRIVATE key", ended.Errors.Split('\n').Single(line => line.Contains(privateKey, StringComparison.Ordinal)).Split(privateKey)[1], StringComparison.Ordinal);
        Assert.Contains("expired", ended.Errors, StringComparison.Ordinal);
        Assert.All(
            ended.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries),
            line => Assert.StartsWith("perb: Perb:Encryption:Recipients: /", line, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("20380101T000000", "20380101T000000")]
    [InlineData("20240101T000000", "20380101T000000")]
    public async Task A_clock_that_is_behind_all_keys_is_no_fault_of_the_configuration(string made, string subkeyMade)
    {
        var gpg = _perb.Key.Gpg;
        var fingerprint = gpg.Generate($"Later <later-{made}@perb.test>", "ed25519", "cert,sign", "never", made);
        gpg.Run(["--faked-system-time", $"{subkeyMade}!", "--quick-add-key", fingerprint, "cv25519", "encr", "never"]).Ok();
        _perb.Configure(("Encryption:Recipients", new JsonArray(gpg.Export(fingerprint))));

        var ended = await _perb.RunAsync("once");

        Assert.True(ended.ExitCode == 75, $"{ended.ExitCode}: {ended.Errors}"); // systemd starts the service again: a node sets its clock soon after its start
        OneLine.NoTrace(ended);
        Assert.Contains("was made in the future, 2038-01-01", ended.Errors, StringComparison.Ordinal);
        Assert.Contains("check the clock", ended.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_that_expires_soon_is_warned_of_and_used()
    {
        var gpg = _perb.Key.Gpg;
        var fingerprint = gpg.Generate("Soon <soon@perb.test>", "ed25519", "cert,sign");
        var days = (int)(TimeProvider.System.GetUtcNow() - new DateTimeOffset(2024, 1, 2, 0, 0, 0, TimeSpan.Zero)).TotalDays + 10;
        gpg.Add(fingerprint, "cv25519", "encr", expire: $"{days}d");
        _perb.Configure(("Encryption:Recipients", new JsonArray(gpg.Export(fingerprint))));

        var ended = await _perb.RunAsync("once");

        Assert.True(ended.ExitCode == 0, ended.Errors);
        Assert.Contains("Soon <soon@perb.test>", ended.Errors, StringComparison.Ordinal);
        Assert.Contains("renew the key", ended.Errors, StringComparison.Ordinal);
    }
}
