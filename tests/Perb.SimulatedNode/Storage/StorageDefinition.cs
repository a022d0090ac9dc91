namespace Perb.Simulation.Storage;

/// <summary>One section of /etc/pve/storage.cfg, and whether it is reachable at the moment.</summary>
public sealed record StorageDefinition(string Id)
{
    /// <summary><c>dir</c>, <c>nfs</c>, <c>cifs</c> or <c>pbs</c>.</summary>
    public string Type { get; init; } = "dir";

    /// <summary>A real directory of this machine. PBS has none.</summary>
    public string? Path { get; init; }

    public string Content { get; init; } = "backup";

    /// <summary>For <c>dir</c> only a claim that each node sees the same files; implied by nfs and cifs.</summary>
    public bool Shared { get; init; }

    public bool Disabled { get; init; }

    /// <summary>With this, an unmounted <c>dir</c> is an error; without it, an empty list.</summary>
    public bool IsMountpoint { get; init; }

    /// <summary>False: as if the mount were missing or the server away. Only meaningful with <see cref="IsMountpoint"/> or a network type.</summary>
    public bool Mounted { get; init; } = true;

    /// <summary>For example <c>backup=custom/dir</c>; the default is <c>dump</c>.</summary>
    public string? ContentDirs { get; init; }

    /// <summary>For example <c>keep-last=3,keep-daily=7</c>.</summary>
    public string? PruneBackups { get; init; }

    /// <summary>Nodes that may use it; empty means all.</summary>
    public IReadOnlyList<string> Nodes { get; init; } = [];

    /// <summary>-1 is no limit; null is 5 for those without Datastore.Allocate.</summary>
    public int? MaxProtectedBackups { get; init; }

    internal bool IsNetwork => Type is "nfs" or "cifs";

    internal bool HasFiles => Type != "pbs";

    internal bool IsShared => Shared || IsNetwork || Type == "pbs";

    internal IReadOnlyList<string> Contents => Content.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Where archives lie.</summary>
    public string DumpDirectory
    {
        get
        {
            var overridden = ContentDirs?.Split(',').Select(pair => pair.Split('=', 2)).FirstOrDefault(pair => pair[0].Trim() == "backup");
            return System.IO.Path.Combine(Path ?? "/", overridden is null ? "dump" : overridden[1].Trim());
        }
    }
}
