using System.Text.Json.Serialization;

namespace Perb.ProxmoxClient;

/// <summary>The two kinds of guest; in Proxmox's words <c>qemu</c> and <c>lxc</c>.</summary>
public enum GuestType
{
    Qemu,
    Lxc,
}

/// <summary>A VM or container of the cluster.</summary>
/// <param name="Node">The node it lives on now.</param>
/// <param name="Status">For instance <c>running</c>, <c>stopped</c>; <c>unknown</c> while its node is away.</param>
/// <param name="Lock">What holds it, such as <c>backup</c> while vzdump works on it or after a killed run.</param>
public sealed record Guest(
    int VmId,
    GuestType Type,
    string Node,
    string? Name,
    string? Status,
    string? Pool,
    IReadOnlySet<string> Tags,
    bool IsTemplate,
    string? Lock);

/// <summary>A guest that no backup job of the cluster includes.</summary>
public sealed record UncoveredGuest
{
    [JsonPropertyName("vmid")]
    public required int VmId { get; init; }

    [JsonPropertyName("type")]
    public required GuestType? Type { get; init; }

    [JsonPropertyName("name")]
    public string? Name { get; init; }
}
