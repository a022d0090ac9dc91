using CsCheck;
using Perb.Scheduler.StatusPage;

namespace Perb.Tests.StatusPage;

public sealed class HtmlTextTests
{
    [Theory]
    [InlineData("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;")]
    [InlineData("\" onload=\"alert(1)", "&quot; onload=&quot;alert(1)")]
    [InlineData("' onload='alert(1)", "&#x27; onload=&#x27;alert(1)")]
    [InlineData("&lt;", "&amp;lt;")]
    [InlineData("a\u202Ecod.exe", "a\\u{202E}cod.exe")] // would be read backwards
    [InlineData("\u001b[31m\r\n", "\\u{1B}[31m\\u{D}\\u{A}")]
    [InlineData("Büro 日本", "Büro 日本")]
    [InlineData("", "")]
    [InlineData(null, "")]
    public void Text_in_a_hole_stays_text(string? text, string expected) =>
        Assert.Equal($"<p title=\"{expected}\">{expected}</p>", new HtmlText().Add($"<p title=\"{text}\">{text}</p>").ToString());

    [Fact]
    public void No_text_whatever_it_is_makes_markup() => Gen.String.Sample(text =>
    {
        var written = new HtmlText().Add($"{text}").ToString();
        Assert.DoesNotContain(written, character => character is '<' or '>' or '"' or '\'' || char.IsControl(character));
    });

    [Fact]
    public void Long_pages_lose_no_character()
    {
        var html = new HtmlText();
        for (var line = 0; line < 5000; line++)
        {
            html.Add($"<td>{"x\U0001F600日"}</td>");
        }

        Assert.Equal(html.ToString(), System.Text.Encoding.UTF8.GetString(html.ToBytes()));
    }

    [Fact]
    public void Numbers_and_markup_are_written_as_they_are() =>
        Assert.Equal("<td>-12</td><br>", new HtmlText().Add($"<td>{-12}</td>").Add($"<br>").ToString());
}
