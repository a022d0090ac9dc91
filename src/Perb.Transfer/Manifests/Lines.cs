using System.Globalization;

namespace Perb.Transfer.Manifests;

/// <summary>Walks through a manifest line by line; every fault names its line.</summary>
internal sealed class Lines(string text)
{
    private int _at;
    private int _number;

    /// <summary>The rest of the next line, which must begin so.</summary>
    public string Next(string prefix)
    {
        var end = _at < text.Length ? text.IndexOf('\n', _at) : -1;
        _number++;
        if (end < 0 || string.CompareOrdinal(text, _at, prefix, 0, prefix.Length) != 0 || end < _at + prefix.Length)
        {
            throw Fault($"'{prefix.Trim()}' is missing");
        }

        var rest = text[(_at + prefix.Length)..end];
        _at = end + 1;
        return rest;
    }

    public bool IsNext(string prefix) => string.CompareOrdinal(text, _at, prefix, 0, prefix.Length) == 0;

    /// <summary><c>label (name) = value</c></summary>
    public (string Name, string Value) NextEntry(string label)
    {
        var rest = Next(label + " (");
        var middle = rest.IndexOf(") = ", StringComparison.Ordinal);
        return middle < 0 ? throw Fault($"'{label}' is malformed") : (rest[..middle], rest[(middle + 4)..]);
    }

    public long NextNumber(string prefix, long largest) =>
        TryNumber(Next(prefix), largest, out var number) ? number : throw Fault($"'{prefix.Trim()}' is no number of a fitting size");

    public DateTimeOffset NextTime(string prefix) =>
        DateTimeOffset.TryParseExact(
            Next(prefix), "yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : throw Fault($"'{prefix.Trim()}' is no time");

    public void RequireEnd()
    {
        if (_at != text.Length)
        {
            _number++;
            throw Fault("there is more than its volumes");
        }
    }

    public ManifestException Fault(string what) => new($"line {_number}: {what}");

    /// <summary>Digits without sign, space or leading zeros: one number has one form.</summary>
    public static bool TryNumber(string text, long largest, out long number) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number)
        && number <= largest
        && text == number.ToString(CultureInfo.InvariantCulture);
}
