using System.Text;
using Perb.Transfer.Decrypting;

namespace Perb.Tests.Transfer;

/// <summary>As gpg 2.2.40 and 2.4.7 say it.</summary>
public sealed class GpgKeyStatusTests
{
    private const string Hex = "6DDE7341235645EC5A01BC97732D87ED8E058D4A0E16E14A80D2A13D5DAD8D5E";
    private const string Begin = "[GNUPG:] ENC_TO 10F9DC101FB740CA 18 0\n[GNUPG:] BEGIN_DECRYPTION\n";
    private const string Info = "[GNUPG:] DECRYPTION_INFO 2 9 0\n";
    private const string Failed = "[GNUPG:] NODATA 2\n[GNUPG:] BADMDC\n[GNUPG:] DECRYPTION_FAILED\n";

    [Theory]
    [InlineData("9:" + Hex)]
    [InlineData("9.2:" + Hex)]
    public void An_AES_256_key_is_taken_with_and_without_an_AEAD_mode(string said) =>
        Assert.Equal(Convert.FromHexString(Hex), Of($"{Begin}{Info}[GNUPG:] SESSION_KEY {said}\n{Failed}").Key);

    [Theory]
    [InlineData("7:6DDE7341235645EC5A01BC97732D87ED")]
    [InlineData("10:" + Hex)]
    [InlineData("92:" + Hex)]
    [InlineData("9:" + Hex + "00")]
    [InlineData("9:6DDE")]
    [InlineData("9:X" + Hex)]
    [InlineData("9:ZZ6DDE7341235645EC5A01BC97732D87ED8E058D4A0E16E14A80D2A13D5DAD8D")]
    [InlineData("9")]
    [InlineData("")]
    public void Every_other_is_none(string said) => Assert.Null(Of($"{Begin}{Info}[GNUPG:] SESSION_KEY {said}\n{Failed}").Key);

    [Fact]
    public void Without_one_there_is_none() => Assert.Null(Of(Begin + Failed).Key);

    [Theory]
    [InlineData("gpg: session key: '9:" + Hex + "'")]
    [InlineData("gpg: Sitzungsschlüssel: '9:" + Hex + "'")]
    [InlineData("gpg: session key: '7:6DDE7341235645EC5A01BC97732D87ED'")]
    public void No_words_of_gpg_ever_hold_the_key(string line)
    {
        var said = Of($"{Begin}{Info}[GNUPG:] SESSION_KEY 9:{Hex}\n{Failed}", $"gpg: first\n{line}\n");

        Assert.Equal("gpg: first", said.Status.Words);
        Assert.DoesNotContain(Hex[..32], said.Status.FaultOf("X.enc", 2)!.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void A_missing_private_key_is_said_with_the_words_of_gpg()
    {
        var fault = Of(Begin + Failed, "gpg: public key decryption failed: No secret key\ngpg: decryption failed: No secret key\n").Status.FaultOf("X.enc", 2);

        Assert.True(fault!.KeyIsMissing);
        Assert.Contains("10F9DC101FB740CA: gpg: decryption failed: No secret key", fault.Message, StringComparison.Ordinal);
    }

    private static GpgKeyStatus Of(string status, string words = "") => new(Encoding.UTF8.GetBytes(status), Encoding.UTF8.GetBytes(words));
}
