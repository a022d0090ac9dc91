using System.Text;
using System.Text.Json;

namespace Perb.ProxmoxClient;

/// <summary>
/// Finds what a node said about an error. Older nodes and many newer errors have it only in the reason phrase; the JSON
/// body, where there is one, has it in full and as proper UTF-8. Facts: PVE 4.2, API-OBSERVED 1.
/// </summary>
internal static class ErrorText
{
    public static string Read(string? reason, byte[] body)
    {
        var said = FromJson(body);
        return ForeignText.OneLine(said.Length > 0 ? said : reason is { Length: > 0 } ? reason : "no reason given");
    }

    /// <summary><c>{"message": "…\n", "errors": {"parameter": "text"}}</c>, both optional.</summary>
    private static string FromJson(byte[] body)
    {
        try
        {
            var envelope = JsonElement.Parse(body);
            if (envelope.ValueKind != JsonValueKind.Object)
            {
                return "";
            }

            var message = envelope.TryGetProperty("message", out var text) ? Clean(text) : "";
            var errors = envelope.TryGetProperty("errors", out var map) && map.ValueKind == JsonValueKind.Object
                ? string.Join("; ", map.EnumerateObject().Select(error => $"{error.Name}: {Clean(error.Value)}"))
                : "";
            return string.Join(' ', new[] { message, errors }.Where(part => part.Length > 0));
        }
        catch (JsonException)
        {
            return ""; // no body, plain text, or a page: the reason phrase has the text
        }
    }

    private static string Clean(JsonElement text) => text.ValueKind == JsonValueKind.String
        ? Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text.GetString()!)).Trim()
        : text.ToString();
}
