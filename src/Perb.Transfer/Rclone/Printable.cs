using System.Globalization;
using System.Text;

namespace Perb.Transfer.Rclone;

/// <summary>Foreign text, fit for one line of a log or a message.</summary>
internal static class Printable
{
    /// <summary>
    /// Control, C1, bidi and other invisible characters become a question mark, so that a file name on a remote can
    /// neither move the cursor nor forge a second log line.
    /// </summary>
    public static string OneLine(string text, int maxLength)
    {
        var line = new StringBuilder(Math.Min(text.Length, maxLength));
        foreach (var rune in text.EnumerateRunes())
        {
            if (line.Length + rune.Utf16SequenceLength > maxLength)
            {
                return line.Append('…').ToString();
            }

            if (IsVisible(rune))
            {
                line.Append(rune.ToString());
            }
            else
            {
                line.Append(Rune.IsWhiteSpace(rune) ? ' ' : '?');
            }
        }

        return line.ToString().Trim();
    }

    public static bool IsVisible(Rune rune) => Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or
        UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
}
