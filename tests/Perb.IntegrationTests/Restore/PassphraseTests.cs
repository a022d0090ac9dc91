using Perb.IntegrationTests.Installation;
using Perb.IntegrationTests.Transfer;
using Perb.Transfer.Keys;

namespace Perb.IntegrationTests.Restore;

/// <summary>A private key with a passphrase: gpg's agent asks for it, by whatever pinentry it has.</summary>
public sealed class PassphraseTests : IDisposable
{
    private readonly GpgHome _gpg = new();

    public void Dispose() => _gpg.Dispose();

    [Theory]
    [InlineData(false, "secret", 0)]
    [InlineData(true, "secret", 0)]
    [InlineData(false, "wrong", 1)]
    public async Task The_agent_asks_for_the_passphrase(bool isFetched, string answer, int exitCode)
    {
        using var place = new Workplace(2_000_000);
        var recipients = MakeLockedKey();
        await place.SealAsync(place.Plan(recipients, 900_000), recipients);
        AnswerWith(answer);

        var ended = await RestoreCall.RunAsync(_gpg, "restore", "100", "--remote", place.RemoteOf(isFetched), "--to", place.Restored);

        Assert.True(ended.ExitCode == exitCode, ended.Errors);
        Assert.True(File.Exists(Path.Combine(_gpg.Folder, "asked")));
        if (exitCode == 0)
        {
            place.AssertRestoredAlone();
        }
        else
        {
            OneLine.In(ended, "gpg cannot use a private key");
            place.AssertNothingRestored();
        }
    }

    private IReadOnlyList<Recipient> MakeLockedKey()
    {
        _gpg.Run(["--passphrase", "secret", "--quick-generate-key", "Locked <locked@perb.test>", "ed25519", "cert,sign", "never"]).Ok();
        var fingerprint = _gpg.Fingerprints("Locked")[0];
        _gpg.Run(["--passphrase", "secret", "--quick-add-key", fingerprint, "cv25519", "encr", "never"]).Ok();
        return RecipientKeys.Load([_gpg.Export(fingerprint)], TimeProvider.System.GetUtcNow(), new HashSet<string>());
    }

    // A pinentry speaks lines (Assuan); the agent that knows the passphrase still is ended.
    private void AnswerWith(string passphrase)
    {
        var pinentry = Path.Combine(_gpg.Folder, "pinentry");
        File.WriteAllText(pinentry, $$"""
            #!/bin/sh
            echo OK
            while read -r line; do
                case $line in
                    GETPIN*) echo > '{{_gpg.Folder}}/asked'; echo 'D {{passphrase}}' ;;
                    BYE*) echo OK; exit ;;
                esac
                echo OK
            done

            """);
        File.SetUnixFileMode(pinentry, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.WriteAllText(Path.Combine(_gpg.Folder, "gpg-agent.conf"), $"pinentry-program {pinentry}\n");
        _gpg.Bash("gpgconf --kill all", _gpg.Folder).Ok();
    }
}
