using System.Globalization;
using System.Text;

namespace Perb.Transfer;

/// <summary>
/// Foreign text (names, notes, log lines, remote listings) made safe for a terminal, a log line and a message: control, C1, bidi and
/// other invisible format characters become visible escapes, so that nothing can move the cursor or reorder what is read.
/// </summary>
public static class Printable
{
    public static string Clean(string text, int maxLength = 300)
    {
        var clean = new StringBuilder(Math.Min(text.Length, maxLength));
        foreach (var rune in text.EnumerateRunes())
        {
            if (clean.Length >= maxLength)
            {
                return clean.Append('…').ToString();
            }

            if (IsVisible(rune))
            {
                clean.Append(rune.ToString());
            }
            else
            {
                clean.Append(CultureInfo.InvariantCulture, $"\\u{{{rune.Value:X}}}");
            }
        }

        return clean.ToString();
    }

    public static bool IsVisible(Rune rune) => Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned);
}
