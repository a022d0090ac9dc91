using System.Text.Json.Serialization;

namespace Perb.ProxmoxClient.Wire;

/// <summary>
/// An entry of <c>GET /cluster/resources</c>; nodes, storages and networks appear there too and have no VMID.
/// </summary>
internal sealed record GuestRow
{
    [JsonPropertyName("vmid")]
    public int? VmId { get; init; }

    [JsonPropertyName("type")]
    public GuestType? Type { get; init; }

    [JsonPropertyName("node")]
    public string? Node { get; init; }

    [JsonPropertyName("name")]
    public string? Name { get; init; }

    [JsonPropertyName("status")]
    public string? Status { get; init; }

    [JsonPropertyName("pool")]
    public string? Pool { get; init; }

    [JsonPropertyName("tags"), JsonConverter(typeof(NameSetConverter))]
    public IReadOnlySet<string>? Tags { get; init; }

    [JsonPropertyName("template")]
    public bool IsTemplate { get; init; }

    [JsonPropertyName("lock")]
    public string? Lock { get; init; }

    /// <summary>Null for an entry that is not a guest.</summary>
    public Guest? ToGuest() => this is { VmId: { } vmId, Type: { } type, Node: { } node }
        ? new Guest(vmId, type, node, Name, Status, Pool, Tags ?? NameSetConverter.Split(null), IsTemplate, Lock)
        : null;
}
