using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Unicode;
using Perb.Transfer;

namespace Perb.Scheduler.StatusPage;

/// <summary>
/// HTML being written. What stands in the code is markup, what is put into its holes is text: escaped there and nowhere else, so that no name
/// can become markup by being forgotten. Holes stand between tags or inside of quoted attributes.
/// </summary>
internal sealed class HtmlText
{
    private const int LongestText = 1000;

    private static readonly HtmlEncoder Encoder = HtmlEncoder.Create(UnicodeRanges.All);

    private readonly StringBuilder _text = new();

    public HtmlText Add([InterpolatedStringHandlerArgument("")] ref Markup markup)
    {
        _ = markup; // it is written already, by being made
        return this;
    }

    public override string ToString() => _text.ToString();

    public byte[] ToBytes()
    {
        var bytes = new ArrayBufferWriter<byte>(_text.Length + (_text.Length / 8));
        var encoder = Encoding.UTF8.GetEncoder(); // a character may lie across two chunks
        foreach (var chunk in _text.GetChunks())
        {
            encoder.Convert(chunk.Span, bytes, flush: false, out _, out _);
        }

        encoder.Convert([], bytes, flush: true, out _, out _);
        return bytes.WrittenSpan.ToArray();
    }

    // Most of it is plain, and a page of thousands of guests holds tens of thousands of texts.
    private static string Escape(string text) => Encoder.Encode(
        text.Length <= LongestText && !text.AsSpan().ContainsAnyExceptInRange(' ', '~') ? text : Printable.Clean(text, LongestText));

    /// <summary>What the compiler makes of <c>$"…"</c>.</summary>
    [InterpolatedStringHandler]
    public readonly ref struct Markup
    {
        public Markup(int literalLength, int formattedCount, HtmlText owner)
        {
            _ = formattedCount;
            owner._text.EnsureCapacity(owner._text.Length + literalLength);
            Owner = owner;
        }

        private HtmlText Owner { get; }

        public void AppendLiteral(string literal) => Owner._text.Append(literal);

        public void AppendFormatted(string? text)
        {
            if (text is not null)
            {
                Owner._text.Append(Escape(text));
            }
        }

        public void AppendFormatted(long number) => Owner._text.Append(CultureInfo.InvariantCulture, $"{number}");
    }
}
