using System.Globalization;
using System.Text;

namespace Perb.Transfer.Decrypting;

/// <summary>
/// What gpg says on its status descriptor (GnuPG's doc/DETAILS) about one message, and its last words to people. Its exit code alone proves
/// little: 0 is also the answer to a file in which nothing is encrypted, or from which the encrypted part was cut off.
/// </summary>
public sealed class GpgStatus
{
    private const string Mark = "[GNUPG:] ";
    private const int KeptKeyIds = 8;

    private readonly List<string> _keyIds = [];
    private int _okays;
    private int _literals;
    private bool _failed;
    private bool _begun;
    private bool _isProtected;

    /// <summary>The file name in the literal packet: what the message says it is. Null until gpg has read that far.</summary>
    public string? LiteralName { get; private set; }

    /// <summary>What gpg last said to people.</summary>
    public string Words { get; private set; } = "";

    /// <returns>True where the literal packet was reached with this line.</returns>
    public bool Take(string line)
    {
        if (!line.StartsWith(Mark, StringComparison.Ordinal))
        {
            Words = line.Trim() is { Length: > 0 } words ? Printable.Clean(words, 200) : Words;
            return false;
        }

        var fields = line[Mark.Length..].TrimEnd().Split(' ');
        switch (fields[0])
        {
            case "ENC_TO" when fields.Length > 1 && _keyIds.Count < KeptKeyIds:
                _keyIds.Add(Printable.Clean(fields[1], 16));
                break;
            case "DECRYPTION_INFO":
                _begun = true;
                break;
            case "GOODMDC": // of an AEAD packet, too; its own numbers in DECRYPTION_INFO came with gpg 2.3
                _isProtected = true;
                break;
            case "PLAINTEXT":
                _literals++;
                LiteralName ??= fields.Length > 3 ? Unescape(fields[3]) : "";
                return true;
            case "DECRYPTION_OKAY":
                _okays++;
                break;
            case "DECRYPTION_FAILED" or "BADMDC" or "NODATA" or "UNEXPECTED":
                _failed = true;
                break;
        }

        return false;
    }

    /// <summary>Null: the message was whole, and it is the only one in the file.</summary>
    public DecryptionException? FaultOf(string file, int exitCode)
    {
        if (exitCode == 0 && _okays == 1 && _literals == 1 && _isProtected && !_failed)
        {
            return null;
        }

        var said = Words.Length == 0 ? $"exit {exitCode}" : Words;
        return this switch
        {
            { _begun: false } when _keyIds.Count > 0 && exitCode != 0 => new DecryptionException(
                $"gpg cannot use a private key for {file}, which is for {string.Join(", ", _keyIds.Distinct())}: {said}; "
                + "is it here (gpg --list-secret-keys)?",
                keyIsMissing: true),
            { _begun: false } when exitCode == 0 => new DecryptionException(
                $"{file} is damaged: gpg found nothing to decrypt in it", keyIsMissing: false),
            { _okays: > 0, _isProtected: false } => new DecryptionException(
                $"{file} is not protected against changes: nobody can tell whether it is right", keyIsMissing: false),
            _ => new DecryptionException($"{file} is damaged: gpg says {said}", keyIsMissing: false),
        };
    }

    private static string Unescape(string text)
    {
        var bytes = new List<byte>();
        for (var at = 0; at < text.Length; at++)
        {
            if (text[at] == '%' && at + 2 < text.Length
                && byte.TryParse(text.AsSpan(at + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
            {
                bytes.Add(value);
                at += 2;
            }
            else
            {
                bytes.AddRange(Encoding.UTF8.GetBytes(text, at, 1));
            }
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }
}
