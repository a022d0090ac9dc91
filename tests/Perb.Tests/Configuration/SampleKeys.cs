using System.Text.Json;

namespace Perb.Tests.Configuration;

/// <summary>The paths of all keys of a JSON text, in the configuration's spelling; the key <c>Perb</c> itself left out.</summary>
internal static class SampleKeys
{
    private static readonly JsonDocumentOptions WithComments = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    public static IEnumerable<string> In(string json)
    {
        using var document = JsonDocument.Parse(json, WithComments);
        return [.. Below("Perb", document.RootElement.GetProperty("Perb"))];
    }

    private static IEnumerable<string> Below(string path, JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(
            property => Below($"{path}:{property.Name}", property.Value).Prepend($"{path}:{property.Name}")),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(
            (item, index) => Below($"{path}:{index}", item).Prepend($"{path}:{index}")),
        _ => [],
    };
}
