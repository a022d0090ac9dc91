using Perb.Transfer.Keys;
using Perb.Transfer.Sealing;

namespace Perb.Tests.Transfer;

public sealed class PacketChoiceTests
{
    [Theory]
    [InlineData("mdc", true, true, PacketKind.Mdc)]
    [InlineData("ocb", false, false, PacketKind.Ocb)]
    [InlineData("auto", true, true, PacketKind.Ocb)]
    [InlineData("auto", false, true, PacketKind.Mdc)]
    [InlineData("auto", true, false, PacketKind.Mdc)]
    public void Auto_takes_ocb_only_if_every_key_and_this_machine_can(string word, bool secondAdvertises, bool isAvailable, PacketKind kind) =>
        Assert.Equal(kind, PacketChoice.For(word, [Recipient(true), Recipient(secondAdvertises)], isAvailable));

    [Fact]
    public void Words_read_back()
    {
        Assert.All(Enum.GetValues<PacketKind>(), kind => Assert.Equal(kind, PacketChoice.Parse(kind.Word())));
        Assert.Throws<FormatException>(() => PacketChoice.For("OCB", [], ocbIsAvailable: true));
    }

    private static Recipient Recipient(bool advertisesOcb) => new(null!)
    {
        File = "",
        Fingerprint = "",
        SubkeyFingerprint = "",
        UserId = "",
        AdvertisesOcb = advertisesOcb,
    };
}
