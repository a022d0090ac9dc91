using CsCheck;
using Perb.Scheduler.Observability;
using Perb.Transfer;

namespace Perb.Tests.Observability;

public sealed class PrintableTests
{
    [Theory]
    [InlineData("plain text, äöü, 漢字, 🙂", "plain text, äöü, 漢字, 🙂")]
    [InlineData("\u001b[2J", "\\u{1B}[2J")]
    [InlineData("a\r\nb\tc\0", "a\\u{D}\\u{A}b\\u{9}c\\u{0}")]
    [InlineData("\u009b31m\u007f", "\\u{9B}31m\\u{7F}")]
    [InlineData("a\u202eb\u2066c", "a\\u{202E}b\\u{2066}c")]
    [InlineData("a\u200bb\ufeff", "a\\u{200B}b\\u{FEFF}")]
    [InlineData("a\u2028b\u2029", "a\\u{2028}b\\u{2029}")]
    [InlineData("\ue000", "\\u{E000}")]
    [InlineData("\U000E0041", "\\u{E0041}")]
    public void What_could_move_the_cursor_or_reorder_the_text_is_escaped(string text, string expected) =>
        Assert.Equal(expected, Printable.Clean(text));

    [Fact]
    public void Half_of_a_surrogate_pair_is_replaced() => Assert.Equal("a\ufffdb", Printable.Clean("a\ud83db"));

    [Theory]
    [InlineData(10, "0123456789")]
    [InlineData(9, "012345678…")]
    [InlineData(0, "…")]
    public void A_long_text_is_cut_and_says_so(int maxLength, string expected) => Assert.Equal(expected, Printable.Clean("0123456789", maxLength));

    [Fact]
    public void Whatever_comes_in_what_goes_out_is_bounded_and_harmless() =>
        Gen.Select(Gen.String, Gen.Int[0, 50]).Sample((text, maxLength) =>
        {
            var clean = Printable.Clean(text, maxLength);
            return clean.Length <= maxLength + 12
                && !clean.Any(char.IsControl)
                && !clean.Any(letter => letter is '\u2028' or '\u2029' or (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069'));
        });
}
