using System.Text;

namespace Perb.Transfer.Decrypting;

/// <summary>The beginning of a literal packet's body (docs/FORMAT.md, 4.4). Pure.</summary>
internal sealed record LiteralHead(string Name, int Bytes)
{
    private const int Before = 2;
    private const int DateBytes = 4;

    /// <returns>Null: it is not of our format.</returns>
    public static LiteralHead? Of(ReadOnlySpan<byte> body)
    {
        if (body.Length < Before || body[0] != 'b' || body.Length < Before + body[1] + DateBytes)
        {
            return null;
        }

        var name = body.Slice(Before, body[1]);
        var date = body.Slice(Before + body[1], DateBytes);
        return date.IndexOfAnyExcept((byte)0) < 0 ? new LiteralHead(Encoding.UTF8.GetString(name), Before + name.Length + DateBytes) : null;
    }
}
