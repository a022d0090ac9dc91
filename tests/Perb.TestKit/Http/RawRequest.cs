using System.Text;

namespace Perb.TestKit.Http;

/// <summary>A request exactly as it came over the wire.</summary>
/// <param name="Head">Request line and headers.</param>
/// <param name="NumberOnConnection">1 for the first request of a connection.</param>
public sealed record RawRequest(string Head, byte[] Body, int NumberOnConnection)
{
    public string Method => Head.Split(' ')[0];

    /// <summary>Path and query, undecoded.</summary>
    public string Target => Head.Split(' ')[1];

    public string BodyText => Encoding.UTF8.GetString(Body);

    public string? Header(string name) => Head.Split("\r\n")
        .Select(line => line.Split(':', 2))
        .Where(pair => pair.Length == 2 && pair[0].Equals(name, StringComparison.OrdinalIgnoreCase))
        .Select(pair => pair[1].Trim())
        .FirstOrDefault();
}

/// <summary>What a scripted node does with a request: wait, write bytes in pieces, close or stay.</summary>
/// <param name="Bytes">Status line, headers and body; nothing at all closes without an answer.</param>
/// <param name="KeepOpen">Leave the connection open for another request.</param>
/// <param name="PieceBytes">How many bytes go out at a time.</param>
/// <param name="After">Nothing is written before this completes.</param>
public sealed record RawAnswer(byte[] Bytes, bool KeepOpen = false, int PieceBytes = 1, Task? After = null)
{
    public static RawAnswer None { get; } = new([]);

    /// <summary>An answer as pveproxy gives it: good ones keep the connection, errors close it.</summary>
    public static RawAnswer Json(string body, int status = 200, string reason = "OK") => new(
        Encoding.UTF8.GetBytes(
            $"HTTP/1.1 {status} {reason}\r\nConnection: {(status == 200 ? "Keep-Alive" : "close")}\r\nServer: pve-api-daemon/3.0\r\n"
            + $"Content-Length: {Encoding.UTF8.GetByteCount(body)}\r\nContent-Type: application/json;charset=UTF-8\r\n\r\n{body}"),
        KeepOpen: status == 200);

    public static RawAnswer Text(string wholeAnswer) => new(Encoding.Latin1.GetBytes(wholeAnswer));

    /// <summary>A recorded answer with its own status line and headers.</summary>
    public static RawAnswer Of(Recording recording)
    {
        var head = new StringBuilder($"HTTP/1.1 {recording.Status} {recording.Reason}\r\n");
        foreach (var (name, value) in recording.Headers)
        {
            head.Append(name).Append(": ").Append(value).Append("\r\n");
        }

        return new RawAnswer([.. Encoding.Latin1.GetBytes(head.Append("\r\n").ToString()), .. recording.Body], PieceBytes: 997);
    }
}
