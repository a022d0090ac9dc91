using Perb.IntegrationTests.Installation;
using Perb.IntegrationTests.Transfer;
using Perb.TestKit.OpenPgp;
using Perb.Transfer.Hashing;
using Perb.Transfer.Manifests;
using Perb.Transfer.Sealing;

namespace Perb.IntegrationTests.Restore;

/// <summary>What gpg is asked for when volumes are restored, and what is left to it.</summary>
public sealed class SessionKeyTests(SharedKey key) : IClassFixture<SharedKey>
{
    private const string X = Workplace.RemoteName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(GpgVersion.Installed, PacketKind.Mdc, true)]
    [InlineData(GpgVersion.Installed, PacketKind.Ocb, false)]
    [InlineData(GpgVersion.Gpg24, PacketKind.Mdc, false)]
    [InlineData(GpgVersion.Gpg24, PacketKind.Ocb, true)]
    public async Task Gpg_is_asked_once_for_each_volume_and_gets_nothing_of_what_is_in_it(GpgVersion version, PacketKind packet, bool isFetched)
    {
        using var place = new Workplace(2_500_000);
        await place.SealAsync(place.Plan(key.Recipients, 900_000, packet), key.Recipients);
        var (gpg, log) = (key.In(version), Directory.CreateDirectory(Path.Combine(place.Restored, "..", "log")).FullName);

        var ended = await RestoreAsync(place, gpg, place.RemoteOf(isFetched), log);

        ended.Ok();
        place.AssertRestoredAlone();
        var calls = Directory.GetFiles(log, "*.arguments");
        Assert.Equal(3, calls.Length);
        foreach (var call in calls)
        {
            Assert.Contains("--show-session-key", await File.ReadAllTextAsync(call, Token), StringComparison.Ordinal);
            var fed = PacketReader.Read(await File.ReadAllBytesAsync(Path.ChangeExtension(call, ".input"), Token));
            Assert.Equal([1, 18], fed.Select(one => one.Tag));
            Assert.Equal([1, .. new byte[40]], fed[1].Body);
        }

        // Neither said nor left anywhere: of the real volumes, the same gpg tells the keys.
        foreach (var volume in Directory.GetFiles(place.Staging, "*.enc"))
        {
            var said = gpg.Run(["--show-session-key", "--output", "/dev/null", "--decrypt", volume]).Ok().Errors;
            var sessionKey = said[(said.IndexOf(':', said.IndexOf("'9", StringComparison.Ordinal)) + 1)..][..64];
            Assert.Equal(64, sessionKey.Count(char.IsAsciiHexDigitUpper));
            Assert.DoesNotContain(sessionKey, ended.Output + ended.Errors, StringComparison.OrdinalIgnoreCase);
            Assert.All(calls, call => Assert.DoesNotContain(sessionKey, File.ReadAllText(call), StringComparison.OrdinalIgnoreCase));
        }
    }

    /// <summary>Somebody encrypted the volume anew, by gpg: compressed, with lengths and a date of its own. gpg decrypts that.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_is_not_our_format_goes_through_gpg(bool isFetched)
    {
        using var place = new Workplace(2_500_000);
        await place.SealAsync(place.Plan(key.Recipients, 1 << 30), key.Recipients);
        var volume = Path.Combine(place.Staging, X + ".enc");
        key.Gpg.Bash(
            $"gpg --quiet -o plain -d {X}.enc && rm {X}.enc && gpg --batch --quiet --trust-model always -r {key.Fingerprint} --set-filename {X}.enc -o {X}.enc -e plain && rm plain",
            place.Staging).Ok();
        var manifest = Manifest.Parse(await File.ReadAllTextAsync(Path.Combine(place.Staging, X + ".sums"), Token));
        var sealedBytes = await File.ReadAllBytesAsync(volume, Token);
        await File.WriteAllTextAsync(
            Path.Combine(place.Staging, X + ".sums"),
            (manifest with { Volumes = [new ManifestVolume(X + ".enc", sealedBytes.Length, Digests.Of(sealedBytes, null))] }).Format(),
            Token);

        (await RestoreCall.RunAsync(key.Gpg, "restore", X, "--remote", place.RemoteOf(isFetched), "--to", place.Restored)).Ok();

        place.AssertRestoredAlone();
    }

    [Theory]
    [InlineData(GpgVersion.Installed)]
    [InlineData(GpgVersion.Gpg24)]
    public async Task Without_the_private_key_it_is_said_whose_it_is(GpgVersion version)
    {
        using var nobody = new GpgHome(version);
        using var place = new Workplace(100_000);
        await place.SealAsync(place.Plan(key.Recipients, 1 << 30), key.Recipients);

        var ended = await RestoreCall.RunAsync(nobody, "restore", X, "--remote", place.Staging, "--to", place.Restored);

        Assert.Equal(1, ended.ExitCode);
        OneLine.In(ended, $"gpg cannot use a private key for {X}.enc, which is for {key.Recipients[0].SubkeyFingerprint[^16..]}: gpg: decryption failed: No secret key");
        place.AssertNothingRestored();
    }

    /// <summary>gpg may die in a way that nobody foresaw: then it is asked to decrypt the volume, and what it says counts.</summary>
    [Fact]
    public async Task Where_gpg_tells_no_key_it_decrypts_the_volume()
    {
        using var place = new Workplace(1_500_000);
        await place.SealAsync(place.Plan(key.Recipients, 900_000), key.Recipients);
        var log = Directory.CreateDirectory(Path.Combine(place.Restored, "..", "log")).FullName;

        var ended = await RestoreAsync(place, key.Gpg, place.Staging, log, "case \"$*\" in *--show-session-key*) exit 2 ;; esac");

        ended.Ok();
        place.AssertRestoredAlone();
        Assert.Equal(4, Directory.GetFiles(log, "*.arguments").Length);
    }

    private static Task<Ended> RestoreAsync(Workplace place, GpgHome gpg, string remote, string log, string before = "")
    {
        var bin = Directory.CreateDirectory(Path.Combine(place.Restored, "..", "bin")).FullName;
        File.WriteAllText(Path.Combine(bin, "gpg"), $$"""
            #!/bin/sh
            echo "$*" > '{{log}}'/$$.arguments
            cat > '{{log}}'/$$.input
            {{before}}
            PATH=${PATH#*:} exec gpg "$@" < '{{log}}'/$$.input
            """);
        File.SetUnixFileMode(Path.Combine(bin, "gpg"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var environment = RestoreCall.Environment(gpg);
        environment["PATH"] = $"{bin}:{environment["PATH"]}";
        return PerbProcess.RunAsync(["restore", X, "--remote", remote, "--to", place.Restored], environment, under: [], Token);
    }
}
