using System.Text.Json.Serialization;

namespace Perb.ProxmoxClient;

/// <summary>The version of the node that answers.</summary>
public sealed record ProxmoxVersion
{
    /// <summary>For instance <c>8.4.21</c>.</summary>
    [JsonPropertyName("version")]
    public required string Version { get; init; }

    /// <summary>For instance <c>8.4</c>.</summary>
    [JsonPropertyName("release")]
    public required string Release { get; init; }

    /// <summary>The source commit it was built from.</summary>
    [JsonPropertyName("repoid")]
    public required string RepoId { get; init; }
}

/// <summary>A member of the cluster; a node without a cluster is the only one.</summary>
public sealed record ClusterNode
{
    [JsonPropertyName("node")]
    public required string Node { get; init; }

    /// <summary><c>online</c>, <c>offline</c>, or <c>unknown</c> while the cluster has not heard of it yet.</summary>
    [JsonPropertyName("status")]
    public string? Status { get; init; }
}

/// <summary>
/// What vzdump does on a node when nothing else is said (<c>/etc/vzdump.conf</c> and the storage). Without Sys.Audit on
/// the node <see cref="Script"/> and <see cref="DumpDirectory"/> are left out as if they were not set.
/// </summary>
public sealed record VzdumpDefaults
{
    /// <summary>The hook script.</summary>
    [JsonPropertyName("script")]
    public string? Script { get; init; }

    [JsonPropertyName("dumpdir")]
    public string? DumpDirectory { get; init; }

    [JsonPropertyName("storage")]
    public string? Storage { get; init; }

    /// <summary><c>snapshot</c>, <c>suspend</c> or <c>stop</c>.</summary>
    [JsonPropertyName("mode")]
    public string? Mode { get; init; }

    /// <summary><c>0</c>, <c>gzip</c>, <c>lzo</c> or <c>zstd</c>.</summary>
    [JsonPropertyName("compress")]
    public string? Compress { get; init; }
}

/// <summary>A scheduled backup job of the cluster.</summary>
public sealed record BackupJob
{
    /// <summary>For instance <c>backup-6f1d3a2e-77b0</c>.</summary>
    [JsonPropertyName("id")]
    public required string Id { get; init; }

    /// <summary>The one node that runs it; null: each runs it for its own guests.</summary>
    [JsonPropertyName("node")]
    public string? Node { get; init; }

    /// <summary>Not said means that it is.</summary>
    [JsonPropertyName("enabled")]
    public bool? Enabled { get; init; }

    /// <summary>The job's own hook script, which wins over the node's; null: the node's.</summary>
    [JsonPropertyName("script")]
    public string? Script { get; init; }
}

/// <summary>The node's clock.</summary>
public sealed record NodeTime
{
    /// <summary>For instance <c>Europe/Berlin</c>.</summary>
    [JsonPropertyName("timezone")]
    public required string TimeZone { get; init; }

    [JsonPropertyName("time")]
    [JsonConverter(typeof(Wire.UnixTimeConverter))]
    public required DateTimeOffset Time { get; init; }

    /// <summary>As <see cref="Time"/>, with the offset of local time added.</summary>
    [JsonPropertyName("localtime")]
    [JsonConverter(typeof(Wire.UnixTimeConverter))]
    public required DateTimeOffset LocalTime { get; init; }

    /// <summary>Of local time from UTC.</summary>
    [JsonIgnore]
    public TimeSpan Offset => LocalTime - Time;
}
