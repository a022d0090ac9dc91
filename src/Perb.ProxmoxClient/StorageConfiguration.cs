namespace Perb.ProxmoxClient;

/// <summary>One storage as the cluster's <c>storage.cfg</c> defines it; the same on every node.</summary>
public sealed record StorageConfiguration
{
    /// <summary>Its id, such as <c>local</c>.</summary>
    public required string Storage { get; init; }

    /// <summary>For instance <c>dir</c>, <c>nfs</c>, <c>pbs</c>.</summary>
    public required string Type { get; init; }

    /// <summary>Where it is mounted, if configured; nfs, cifs and cephfs lie at <c>/mnt/pve/ID</c> otherwise.</summary>
    public string? Path { get; init; }

    /// <summary>Kinds of content it may hold: <c>backup</c>, <c>iso</c>, …</summary>
    public required IReadOnlySet<string> Content { get; init; }

    /// <summary>
    /// All nodes see the same files: declared, or implied by a network type. A <c>dir</c> that says so only promises
    /// it.
    /// </summary>
    public required bool Shared { get; init; }

    public required bool Disabled { get; init; }

    /// <summary>The nodes that have it; empty means all.</summary>
    public required IReadOnlySet<string> Nodes { get; init; }

    /// <summary>
    /// Null: not declared. <c>yes</c>: <see cref="Path"/> must be a mount point. Else the path that must be one.
    /// Without the declaration an unmounted directory is listed as empty.
    /// </summary>
    public string? IsMountpoint { get; init; }

    /// <summary>
    /// Kind of content → directory below <see cref="Path"/>, where it differs from the default (<c>dump</c> for
    /// backups).
    /// </summary>
    public required IReadOnlyDictionary<string, string> ContentDirectories { get; init; }

    /// <summary>The retention, such as <c>keep-last=3,keep-weekly=2</c>.</summary>
    public string? PruneBackups { get; init; }
}
