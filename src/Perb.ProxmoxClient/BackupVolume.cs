using System.Text.Json.Serialization;

namespace Perb.ProxmoxClient;

/// <summary>
/// A backup in a storage's content listing. The list also has odd ones: zero-byte files, copies under other names,
/// guests that no longer exist. It is in no order of time.
/// </summary>
public sealed record BackupVolume
{
    /// <summary>For instance <c>local:backup/vzdump-qemu-100-2026_11_20-02_00_01.vma.zst</c>.</summary>
    [JsonPropertyName("volid")]
    public required string VolumeId { get; init; }

    [JsonPropertyName("size")]
    public required long SizeBytes { get; init; }

    /// <summary>
    /// The time in a standard name (local to the node, here as an instant); else the file's own change time.
    /// </summary>
    [JsonPropertyName("ctime")]
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The extension without its dot: <c>vma.zst</c>, <c>tar</c>.</summary>
    [JsonPropertyName("format")]
    public required string Format { get; init; }

    [JsonPropertyName("vmid")]
    public int? VmId { get; init; }

    /// <summary>Null for anything but a VM or container, such as the old <c>openvz</c>.</summary>
    [JsonPropertyName("subtype")]
    public GuestType? GuestType { get; init; }

    /// <summary>The first line only on current nodes; null where there are none.</summary>
    [JsonPropertyName("notes")]
    public string? Notes { get; init; }

    [JsonPropertyName("protected")]
    public bool IsProtected { get; init; }
}

/// <summary>One backup, asked for by its name.</summary>
public sealed record BackupVolumeDetails
{
    /// <summary>Where the file lies on the node.</summary>
    [JsonPropertyName("path")]
    public string? Path { get; init; }

    /// <summary>
    /// Rounded up to 512 bytes by the node: <see cref="BackupVolume.SizeBytes"/> and the file have the exact size.
    /// </summary>
    [JsonPropertyName("size")]
    public required long RoundedSizeBytes { get; init; }

    /// <summary>What it takes on the file system.</summary>
    [JsonPropertyName("used")]
    public long? UsedBytes { get; init; }

    /// <summary>All lines; empty where there are none. The node always says; without them it could not read them.</summary>
    [JsonPropertyName("notes")]
    public required string Notes { get; init; }

    [JsonPropertyName("protected")]
    public bool IsProtected { get; init; }
}

/// <summary>A backup as a dry run of pruning lists it.</summary>
public sealed record PruneCandidate
{
    [JsonPropertyName("volid")]
    public required string VolumeId { get; init; }

    /// <summary>As for <see cref="BackupVolume.CreatedAt"/>.</summary>
    [JsonPropertyName("ctime")]
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>
    /// <c>keep</c>, <c>remove</c>, <c>protected</c>, or <c>renamed</c> for a name that is not vzdump's.
    /// </summary>
    [JsonPropertyName("mark")]
    public required string Mark { get; init; }

    [JsonPropertyName("vmid")]
    public int? VmId { get; init; }

    [JsonPropertyName("type")]
    public GuestType? GuestType { get; init; }
}
