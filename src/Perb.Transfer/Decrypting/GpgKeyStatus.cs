using System.Text;
using Perb.Transfer.Sealing;

namespace Perb.Transfer.Decrypting;

/// <summary>What gpg said when it was asked for a session key. No line that holds one becomes a string.</summary>
internal sealed class GpgKeyStatus
{
    // Of AES-128; a fingerprint is as long, and no line with one is needed.
    private const int HexOfKey = 32;
    private const byte Aes256 = (byte)'9';

    /// <param name="status">What it said to programs.</param>
    /// <param name="words">What it said to people.</param>
    public GpgKeyStatus(ReadOnlyMemory<byte> status, ReadOnlyMemory<byte> words)
    {
        foreach (var range in status.Span.Split((byte)'\n'))
        {
            var line = status.Span[range];
            if (!line.StartsWith("[GNUPG:] SESSION_KEY "u8))
            {
                Status.Take(Encoding.UTF8.GetString(line));
            }
            else if (Key is null)
            {
                Key = KeyOf(line["[GNUPG:] SESSION_KEY ".Length..].Trim(" \r"u8));
            }
        }

        foreach (var range in words.Span.Split((byte)'\n'))
        {
            if (!HoldsKey(words.Span[range]))
            {
                Status.Take(Encoding.UTF8.GetString(words.Span[range]));
            }
        }
    }

    /// <summary>An AES-256 key; null where there is none.</summary>
    public byte[]? Key { get; }

    /// <summary>All the rest.</summary>
    public GpgStatus Status { get; } = new();

    /// <summary><c>9:HEX</c>, or with an AEAD packet <c>9.2:HEX</c>.</summary>
    private static byte[]? KeyOf(ReadOnlySpan<byte> text)
    {
        var colon = text.IndexOf((byte)':');
        if (colon < 1 || text[0] != Aes256 || (colon > 1 && text[1] != (byte)'.'))
        {
            return null;
        }

        var hex = text[(colon + 1)..];
        var key = new byte[SessionKeyPacket.KeyBytes];
        return hex.Length == 2 * key.Length && Convert.FromHexString(hex, key, out _, out _) == System.Buffers.OperationStatus.Done ? key : null;
    }

    private static bool HoldsKey(ReadOnlySpan<byte> line)
    {
        var run = 0;
        foreach (var value in line)
        {
            run = char.IsAsciiHexDigit((char)value) ? run + 1 : 0;
            if (run == HexOfKey)
            {
                return true;
            }
        }

        return false;
    }
}
