using Perb.IntegrationTests.Signing;
using Perb.Transfer.Sealing;

namespace Perb.IntegrationTests.Transfer;

/// <summary>Every packet, every program that is said to read it, every tar: the README's lines with one word put in for another.</summary>
public sealed class ReaderTests(SharedKey key) : IClassFixture<SharedKey>
{
    private const string X = Workplace.RemoteName;

    public static TheoryData<PacketKind, string, string, bool> Combinations
    {
        get
        {
            var data = new TheoryData<PacketKind, string, string, bool>();
            foreach (var hidden in new[] { false, true })
            {
                foreach (var tar in new[] { "tar", "bsdtar" })
                {
                    data.Add(PacketKind.Mdc, "gpg", tar, hidden);
                    data.Add(PacketKind.Mdc, "gpg 2.4", tar, hidden);
                    data.Add(PacketKind.Mdc, "sq", tar, hidden);
                    data.Add(PacketKind.Ocb, "gpg", tar, hidden);
                    data.Add(PacketKind.Ocb, "gpg 2.4", tar, hidden);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Combinations))]
    public async Task What_is_sealed_comes_back(PacketKind packet, string decrypts, string extracts, bool hidden)
    {
        var home = key.In(decrypts == "gpg 2.4" ? GpgVersion.Gpg24 : GpgVersion.Installed);
        using var place = new Workplace(2_500_000);
        foreach (var volumeBytes in new[] { 1 << 30, 900_000 })
        {
            var plan = place.Plan(key.Recipients, volumeBytes, packet, hidden);
            await place.SealAsync(plan, key.Recipients);
            var folder = place.Fetch($"fetched-{volumeBytes}");
            var line = ReadmeLines.Restore(X, plan.VolumeCount).Replace("| tar ", $"| {extracts} ", StringComparison.Ordinal);
            if (decrypts == "sq")
            {
                line = line.Replace("gpg -d", $"sq decrypt --recipient-key '{key.Gpg.ExportSecret(key.Fingerprint)}'", StringComparison.Ordinal);
            }

            var ended = home.Bash(line, folder);

            Assert.True(ended.ExitCode == 0, ended.Errors);
            place.AssertRestored(folder);
            Directory.Delete(place.Staging, recursive: true);
            Directory.CreateDirectory(place.Staging);
        }
    }

    [Theory]
    [InlineData(GpgVersion.Installed, PacketKind.Mdc)]
    [InlineData(GpgVersion.Installed, PacketKind.Ocb)]
    [InlineData(GpgVersion.Gpg24, PacketKind.Mdc)]
    [InlineData(GpgVersion.Gpg24, PacketKind.Ocb)]
    public async Task Gpg_tells_a_volume_s_own_name_and_no_date(GpgVersion version, PacketKind packet)
    {
        var home = key.In(version);
        using var place = new Workplace(2_500_000);
        foreach (var volume in await place.SealAsync(place.Plan(key.Recipients, 900_000, packet), key.Recipients))
        {
            var ended = home.Run(["--status-fd", "2", "--output", "/dev/null", "--yes", "--decrypt", volume.Path]).Ok();
            Assert.Contains($"[GNUPG:] PLAINTEXT 62 0 {volume.Name}\n", ended.Errors);
            Assert.Contains("[GNUPG:] GOODMDC", ended.Errors);
            Assert.Contains($"mode b (62), created 0, name=\"{volume.Name}\"", home.ListPackets(volume.Path));
        }
    }

    [Fact]
    public async Task Sq_tells_a_volume_s_own_name_and_no_date()
    {
        using var place = new Workplace(2_500_000);
        var secret = key.Gpg.ExportSecret(key.Fingerprint);
        foreach (var volume in await place.SealAsync(place.Plan(key.Recipients, 900_000), key.Recipients))
        {
            var ended = key.Gpg.Bash($"sq decrypt --dump --recipient-key '{secret}' {volume.Name} > /dev/null", place.Staging).Ok();
            Assert.Contains($"Filename: {volume.Name}", ended.Errors);
            Assert.DoesNotContain("Timestamp", ended.Errors);
            Assert.DoesNotContain("Compressed", ended.Errors);
        }
    }

    [Fact]
    public async Task A_hidden_recipient_is_a_key_id_of_zeros_to_every_program()
    {
        using var place = new Workplace(1000);
        await place.SealAsync(place.Plan(key.Recipients, 1 << 30, PacketKind.Mdc, hideRecipients: true), key.Recipients);
        var volume = Path.Combine(place.Staging, X + ".enc");

        Assert.Equal(["0000000000000000"], key.Gpg.KeyIds(volume));
        Assert.Contains("Recipient: 0000000000000000", key.Gpg.Bash($"sq inspect {X}.enc", place.Staging).Ok().Output);
        Assert.Equal(["0000000000000000"], key.In(GpgVersion.Gpg24).KeyIds(volume));
    }
}
