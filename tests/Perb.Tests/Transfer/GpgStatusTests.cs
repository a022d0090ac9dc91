using Perb.Transfer.Decrypting;

namespace Perb.Tests.Transfer;

/// <summary>As gpg 2.2.40 said it; 2.4.7 says the same.</summary>
public sealed class GpgStatusTests
{
    private const string Name = "100-2026_11_20-02_00_01.enc";
    private const string To = "[GNUPG:] ENC_TO 720D8F2D9E1FFFFB 1 0";
    private const string Begin = "[GNUPG:] BEGIN_DECRYPTION";
    private const string Mdc = "[GNUPG:] DECRYPTION_INFO 2 9 0";
    private const string Ocb = "[GNUPG:] DECRYPTION_INFO 0 9 2"; // 2.2.40 ends it in 0
    private const string Good = "[GNUPG:] GOODMDC";
    private const string Literal = "[GNUPG:] PLAINTEXT 62 0 " + Name;
    private const string Okay = "[GNUPG:] DECRYPTION_OKAY";
    private const string Failed = "[GNUPG:] DECRYPTION_FAILED";

    [Theory]
    [InlineData(To, Begin, Mdc, Literal, Okay, Good, "[GNUPG:] END_DECRYPTION")]
    [InlineData(To, Begin, Ocb, Literal, Okay, Good, "[GNUPG:] END_DECRYPTION")]
    [InlineData(To, Begin, Ocb, Literal, "gpg: some words", Okay, Good, "[GNUPG:] SOMETHING_NEW 1 2 3")]
    public void A_whole_message_has_no_fault(params string[] lines)
    {
        var status = Of(lines);

        Assert.Null(status.FaultOf(Name, 0));
        Assert.Equal(Name, status.LiteralName);
    }

    [Theory]
    [InlineData(2, "manipulated", false, To, Begin, Mdc, Literal, "gpg: WARNING: encrypted message has been manipulated!", "[GNUPG:] BADMDC", Failed)]
    [InlineData(0, "found nothing to decrypt", false, "[GNUPG:] NODATA 3")]
    [InlineData(0, "found nothing to decrypt", false, Literal)] // not encrypted at all, and gpg is content
    [InlineData(2, "No secret key", true, To, Begin, Failed, "gpg: decryption failed: No secret key")]
    [InlineData(2, "720D8F2D9E1FFFFB", true, To, "gpg: public key decryption failed: Bad passphrase", Begin, Failed)]
    [InlineData(0, "not protected", false, To, Begin, "[GNUPG:] DECRYPTION_INFO 0 9 0", Literal, Okay)]
    [InlineData(0, "damaged", false, To, Begin, Mdc, Literal, Literal, Okay, Good)]
    [InlineData(0, "damaged", false, To, Begin, Mdc, Literal, Okay, Good, Begin, Mdc, Literal, Okay, Good)]
    [InlineData(0, "damaged", false, To, Begin, Mdc, Okay, Good)]
    [InlineData(1, "damaged", false, To, Begin, Mdc, Literal, Okay, Good)]
    [InlineData(2, "Checksum error", false, To, Begin, Ocb, Literal, "gpg: gcry_cipher_checktag failed: Checksum error", Okay, Good)] // so says 2.2.40
    [InlineData(137, "exit 137", false, To, Begin, Mdc, Literal)]
    [InlineData(2, "exit 2", false)]
    public void Everything_else_is_one_line_that_names_the_file(int exitCode, string words, bool keyIsMissing, params string[] lines)
    {
        var fault = Of(lines).FaultOf(Name, exitCode);

        Assert.NotNull(fault);
        Assert.Contains(words, fault.Message, StringComparison.Ordinal);
        Assert.Contains(Name, fault.Message, StringComparison.Ordinal);
        Assert.Equal(keyIsMissing, fault.KeyIsMissing);
    }

    [Theory]
    [InlineData("[GNUPG:] PLAINTEXT 62 0 ", "")]
    [InlineData("[GNUPG:] PLAINTEXT 62 0", "")]
    [InlineData("[GNUPG:] PLAINTEXT 62 1795544478 a%20b%25%0A%C3%A9", "a b%\né")]
    [InlineData("[GNUPG:] PLAINTEXT 62 1795544478 a%2", "a%2")]
    public void The_literal_name_is_unescaped(string line, string name)
    {
        var status = new GpgStatus();

        Assert.True(status.Take(line));
        Assert.Equal(name, status.LiteralName);
    }

    private static GpgStatus Of(IEnumerable<string> lines)
    {
        var status = new GpgStatus();
        foreach (var line in lines)
        {
            status.Take(line);
        }

        return status;
    }
}
