using System.Text;
using System.Text.Json;

namespace Perb.TestKit;

/// <summary>
/// One answer of a real Proxmox VE 8.4 node, recorded byte for byte. The recordings lie beside the checkout and are not part of
/// it; tests that replay them are skipped with a word where they are absent.
/// </summary>
public sealed record Recording(
    string Name,
    string Method,
    string PathAndQuery,
    string? Token,
    string? RequestBody,
    int Status,
    string Reason,
    IReadOnlyList<KeyValuePair<string, string>> Headers,
    byte[] Body)
{
    public string BodyText => Encoding.UTF8.GetString(Body);

    /// <summary>The folder of recordings, or null where there is none.</summary>
    public static string? Folder { get; } = FindFolder();

    public const string Absent = "The recordings of a real node (facts/recordings beside the checkout) are not here.";

    public static Recording Load(string name) => Parse(name, File.ReadAllText(Path.Combine(Folder!, name + ".json")));

    /// <summary>Names of all recordings of one HTTP exchange (hook runs, raw sockets and the permission matrix are of other kinds).</summary>
    public static IEnumerable<string> Names() => Folder is null
        ? []
        : Directory.EnumerateFiles(Folder, "*.json")
            .Where(file => File.ReadAllText(file).Contains("\"response\":", StringComparison.Ordinal))
            .Select(file => Path.GetFileNameWithoutExtension(file))
            .Order(StringComparer.Ordinal);

    private static Recording Parse(string name, string json)
    {
        using var document = JsonDocument.Parse(json);
        var request = document.RootElement.GetProperty("request");
        var response = document.RootElement.GetProperty("response");
        return new Recording(
            name,
            request.GetProperty("method").GetString()!,
            request.GetProperty("path").GetString()!,
            request.GetProperty("token").GetString(),
            request.GetProperty("body").ValueKind == JsonValueKind.String ? request.GetProperty("body").GetString() : null,
            response.GetProperty("status").GetInt32(),
            response.GetProperty("reason").GetString() ?? "",
            [.. response.GetProperty("headers").EnumerateArray()
                .Select(pair => KeyValuePair.Create(pair[0].GetString()!, pair[1].GetString()!))],
            response.TryGetProperty("body_base64", out var base64)
                ? base64.GetBytesFromBase64()
                : Encoding.UTF8.GetBytes(response.GetProperty("body_text").GetString() ?? ""));
    }

    private static string? FindFolder()
    {
        var folder = Environment.GetEnvironmentVariable("PERB_RECORDINGS")
            ?? Path.Combine(Repository.Root, "..", "shared", "facts", "recordings");
        return Directory.Exists(folder) ? Path.GetFullPath(folder) : null;
    }
}
