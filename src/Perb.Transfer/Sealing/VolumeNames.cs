using System.Buffers;

namespace Perb.Transfer.Sealing;

/// <summary>The names of a backup's files on the remote: <c>X.enc</c>, or <c>X.001-of-012.enc</c> and so on.</summary>
public static class VolumeNames
{
    /// <summary>More would make manifests that nobody can handle: with the default volume size this is 97 TiB.</summary>
    public const int MaxCount = 99_999;

    private const int MaxStemLength = 150;
    private static readonly SearchValues<char> StemLetters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.");

    /// <summary>The name of one volume; numbers begin at 1 and have at least three digits, as many as the count needs.</summary>
    public static string Of(string remoteName, int number, int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(number, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(number, count);
        var digits = "D" + Math.Max(3, count.ToString().Length);
        return count == 1 ? $"{remoteName}.enc" : $"{remoteName}.{number.ToString(digits)}-of-{count.ToString(digits)}.enc";
    }

    /// <summary>Whether a text can be the common stem: letters that no shell, tool or remote reads in a special way.</summary>
    public static bool IsRemoteName(string text) =>
        text.Length is > 0 and <= MaxStemLength && char.IsAsciiLetterOrDigit(text[0]) && !text.AsSpan().ContainsAnyExcept(StemLetters);
}
