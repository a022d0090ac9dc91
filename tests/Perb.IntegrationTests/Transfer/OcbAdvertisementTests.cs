using Perb.Transfer.Keys;
using Perb.Transfer.Sealing;

namespace Perb.IntegrationTests.Transfer;

/// <summary>
/// <c>auto</c> against the packet that GnuPG 2.4 itself writes. Debian changed the defaults of its 2.4: its keys do not advertise OCB, and it
/// writes none unasked. The option <c>--compliance gnupg</c> brings back what GnuPG does everywhere else.
/// </summary>
public sealed class OcbAdvertisementTests : IDisposable
{
    private static readonly string[] Upstream = ["--compliance", "gnupg"];
    private readonly GpgHome _gpg = new(GpgVersion.Gpg24);

    public void Dispose() => _gpg.Dispose();

    [Fact]
    public void A_key_of_gnupg_2_4_advertises_ocb_and_auto_takes_it()
    {
        var key = Generate("one", Upstream);
        Assert.Equal(PacketKind.Ocb, AutoAsGpgDoes(key));
    }

    [Fact]
    public void A_key_of_debian_s_gnupg_2_4_does_not_advertise_ocb()
    {
        var key = Generate("one");
        Assert.Equal(PacketKind.Mdc, AutoAsGpgDoes(key));
    }

    [Fact]
    public void A_key_whose_owner_removed_the_preference_gets_mdc()
    {
        var key = Generate("one", Upstream);
        SetPreferences(key, "AES256 AES SHA512 SHA256 ZLIB Uncompressed MDC");
        Assert.Equal(PacketKind.Mdc, AutoAsGpgDoes(key));
        SetPreferences(key, "AES256 AES OCB SHA512 SHA256 ZLIB Uncompressed MDC AEAD");
        Assert.Equal(PacketKind.Ocb, AutoAsGpgDoes(key));
    }

    [Fact]
    public void One_recipient_without_it_makes_it_mdc_for_all()
    {
        var with = Generate("with", Upstream);
        var alsoWith = Generate("also", Upstream);
        var without = Generate("without");
        Assert.Equal(PacketKind.Ocb, AutoAsGpgDoes(with, alsoWith));
        Assert.Equal(PacketKind.Mdc, AutoAsGpgDoes(with, without));
        Assert.Equal(PacketKind.Mdc, AutoAsGpgDoes(without, alsoWith));
    }

    [Fact]
    public async Task What_auto_chose_is_read_by_both_gpgs()
    {
        var key = Generate("one", Upstream);
        var recipients = Load(key);
        using var installed = new GpgHome();
        _gpg.Share(key, installed);
        using var place = new Workplace(100_000);
        var packet = PacketChoice.For(PacketChoice.Auto, recipients, VolumeSealer.OcbIsAvailable);
        await place.SealAsync(place.Plan(recipients, 1 << 30, packet), recipients);

        Assert.All(
            [_gpg, installed],
            gpg => Assert.Equal(0, gpg.Bash(ReadmeLines.OneVolume(Workplace.RemoteName), place.Staging).ExitCode));
        Assert.Contains("aead encrypted packet: cipher=9 aead=2 cb=16", _gpg.ListPackets(Path.Combine(place.Staging, Workplace.RemoteName + ".enc")));
    }

    private string Generate(string name, params string[] options)
    {
        var userId = $"{name} <{name}@perb.test>";
        _gpg.Run([.. options, "--quick-generate-key", userId, "ed25519", "cert,sign", "never"]).Ok();
        var key = _gpg.Fingerprints(userId)[0];
        _gpg.Run([.. options, "--quick-add-key", key, "cv25519", "encr", "never"]).Ok();
        return key;
    }

    private void SetPreferences(string key, string preferences) => _gpg.Run(
        [.. Upstream, "--command-fd", "0", "--edit-key", key], $"setpref {preferences}\ny\nsave\n").Ok();

    private PacketKind AutoAsGpgDoes(params string[] keys)
    {
        var chosen = PacketChoice.For(PacketChoice.Auto, Load(keys), VolumeSealer.OcbIsAvailable);
        var own = _gpg.OwnMessage(keys, Upstream);
        Assert.Equal(own.Contains(":aead encrypted packet:", StringComparison.Ordinal), chosen == PacketKind.Ocb);
        Assert.Equal(own.Contains("mdc_method: 2", StringComparison.Ordinal), chosen == PacketKind.Mdc);
        return chosen;
    }

    private IReadOnlyList<Recipient> Load(params string[] keys) =>
        RecipientKeys.Load([.. keys.Select(key => _gpg.Export(key))], TimeProvider.System.GetUtcNow(), new HashSet<string>());
}
