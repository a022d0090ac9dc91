using System.Text.Json.Serialization;

namespace Perb.ProxmoxClient.Wire;

/// <summary>A storage as <c>GET /storage</c> has it: the words of <c>storage.cfg</c>, absent where not set.</summary>
internal sealed record StorageRow
{
    [JsonPropertyName("storage")]
    public required string Storage { get; init; }

    [JsonPropertyName("type")]
    public required string Type { get; init; }

    [JsonPropertyName("path")]
    public string? Path { get; init; }

    [JsonPropertyName("content"), JsonConverter(typeof(NameSetConverter))]
    public IReadOnlySet<string>? Content { get; init; }

    [JsonPropertyName("shared")]
    public bool Shared { get; init; }

    [JsonPropertyName("disable")]
    public bool Disabled { get; init; }

    [JsonPropertyName("nodes"), JsonConverter(typeof(NameSetConverter))]
    public IReadOnlySet<string>? Nodes { get; init; }

    [JsonPropertyName("is_mountpoint")]
    public string? IsMountpoint { get; init; }

    [JsonPropertyName("content-dirs")]
    public string? ContentDirectories { get; init; }

    [JsonPropertyName("prune-backups")]
    public string? PruneBackups { get; init; }

    public StorageConfiguration ToConfiguration() => new()
    {
        Storage = Storage,
        Type = Type,
        Path = Path,
        Content = Content ?? NameSetConverter.Split(null),
        // Facts: PVE 2.3, "shared" is implied for network types and then not written down.
        Shared = Shared || Type is "nfs" or "cifs" or "cephfs" or "glusterfs" or "pbs",
        Disabled = Disabled,
        Nodes = Nodes ?? NameSetConverter.Split(null),
        IsMountpoint = IsMountpoint switch
        {
            null or "" or "0" or "no" or "off" or "false" => null,
            "1" or "yes" or "on" or "true" => "yes",
            var path => path,
        },
        ContentDirectories = ParsePairs(ContentDirectories),
        PruneBackups = PruneBackups,
    };

    /// <summary><c>backup=custom/dir,iso=images</c>.</summary>
    private static Dictionary<string, string> ParsePairs(string? text) =>
        (text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(pair => pair.Split('=', 2))
            .Where(pair => pair.Length == 2)
            .GroupBy(pair => pair[0], pair => pair[1], StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => group.Last(), StringComparer.Ordinal);
}
