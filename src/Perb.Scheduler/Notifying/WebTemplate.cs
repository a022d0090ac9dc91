using System.Text.Json;
using System.Text.Json.Nodes;
using Perb.Scheduler.Configuration;

namespace Perb.Scheduler.Notifying;

/// <summary>
/// A JSON document of the administrator's, whose texts may hold <c>{{title}}</c>, <c>{{text}}</c>, <c>{{event}}</c>, <c>{{node}}</c>,
/// <c>{{time}}</c>. They are filled into the read document and not into its text, so that nothing in them can change its shape.
/// </summary>
internal sealed class WebTemplate(JsonNode document)
{
    private const int MostBytes = 64 << 10;

    /// <exception cref="ConfigurationException">It cannot be read, or is no JSON.</exception>
    public static WebTemplate Read(string key, string file)
    {
        if (ReadableFile.FaultOf(file) is { } fault)
        {
            throw new ConfigurationException($"{key}: {file} {fault}");
        }

        try
        {
            return new FileInfo(file).Length <= MostBytes && JsonNode.Parse(File.ReadAllText(file)) is { } document
                ? new WebTemplate(document)
                : throw new ConfigurationException($"{key}: {file} must be a JSON document of at most {ByteSize.Format(MostBytes)}");
        }
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"{key}: {file} cannot be used: {exception.Message}");
        }
    }

    public JsonNode Fill(Notification notification)
    {
        (string Placeholder, string Value)[] values =
        [
            ("{{title}}", notification.Title), ("{{text}}", notification.Text), ("{{event}}", notification.Event), ("{{node}}", notification.Node),
            ("{{time}}", $"{notification.At.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}"),
        ];
        return Filled(document)!;

        JsonNode? Filled(JsonNode? node) => node switch
        {
            JsonObject members => new JsonObject(members.Select(member => KeyValuePair.Create(member.Key, Filled(member.Value)))),
            JsonArray items => new JsonArray([.. items.Select(Filled)]),
            JsonValue value when value.TryGetValue(out string? text) => JsonValue.Create(Replaced(text)),
            _ => node?.DeepClone(),
        };

        // Piece by piece, so that what was filled in is never looked at again.
        string Replaced(string text)
        {
            var first = values.Select(entry => (entry, At: text.IndexOf(entry.Placeholder, StringComparison.Ordinal))).Where(found => found.At >= 0).ToList();
            if (first.Count == 0)
            {
                return text;
            }

            var (found, at) = first.MinBy(one => one.At);
            return $"{text[..at]}{found.Value}{Replaced(text[(at + found.Placeholder.Length)..])}";
        }
    }
}
