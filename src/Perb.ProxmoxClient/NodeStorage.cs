using System.Collections.Frozen;
using System.Text.Json.Serialization;
using Perb.ProxmoxClient.Wire;

namespace Perb.ProxmoxClient;

/// <summary>A storage as one node sees it now. The sizes are 0 while it is not active.</summary>
public sealed record NodeStorage
{
    [JsonPropertyName("storage")]
    public required string Storage { get; init; }

    [JsonPropertyName("type")]
    public required string Type { get; init; }

    [JsonPropertyName("content"), JsonConverter(typeof(NameSetConverter))]
    public IReadOnlySet<string> Content { get => field ?? FrozenSet<string>.Empty; init; }

    /// <summary>Not disabled, and meant for this node.</summary>
    [JsonPropertyName("enabled")]
    public bool Enabled { get; init; }

    /// <summary>Available now: mounted, reachable.</summary>
    [JsonPropertyName("active")]
    public bool Active { get; init; }

    [JsonPropertyName("shared")]
    public bool Shared { get; init; }

    [JsonPropertyName("total")]
    public long TotalBytes { get; init; }

    [JsonPropertyName("used")]
    public long UsedBytes { get; init; }

    [JsonPropertyName("avail")]
    public long AvailableBytes { get; init; }
}
