using System.Globalization;
using System.Text;

namespace Perb.ProxmoxClient;

/// <summary>Makes text of unknown origin fit for one line of a message.</summary>
internal static class ForeignText
{
    private const int MaxLength = 300;

    /// <summary>
    /// White space becomes single blanks, control and format characters (terminal escapes, text direction) are dropped,
    /// and what is too long is cut with an ellipsis.
    /// </summary>
    public static string OneLine(string text)
    {
        var line = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            if (line.Length >= MaxLength)
            {
                return line.Append('…').ToString();
            }

            if (Rune.IsWhiteSpace(rune))
            {
                if (line.Length > 0 && line[^1] != ' ')
                {
                    line.Append(' ');
                }
            }
            else if (Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format
                or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned))
            {
                line.Append(rune.ToString());
            }
        }

        return line.ToString().TrimEnd();
    }
}
