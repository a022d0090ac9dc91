using System.Text.Json.Serialization;

namespace Perb.Simulation.Vzdump;

/// <summary>What one vzdump task is to do: the options of the command line, of the API and of a scheduled job.</summary>
public sealed record BackupRun
{
    public string Storage { get; init; } = "local";

    public IReadOnlyList<int> Guests { get; init; } = [];

    /// <summary>All guests of the node but <see cref="Exclude"/>.</summary>
    public bool All { get; init; }

    public IReadOnlyList<int> Exclude { get; init; } = [];

    public string? Pool { get; init; }

    /// <summary><c>snapshot</c>, <c>suspend</c> or <c>stop</c>.</summary>
    public string Mode { get; init; } = "snapshot";

    /// <summary><c>zstd</c>, <c>gzip</c> (or <c>1</c>: lzo), <c>lzo</c>, <c>0</c>.</summary>
    public string Compress { get; init; } = "zstd";

    /// <summary>May hold <c>{{guestname}}</c>, <c>{{vmid}}</c>, <c>{{node}}</c>, <c>{{cluster}}</c> and <c>\n</c>.</summary>
    public string? NotesTemplate { get; init; }

    public bool Protected { get; init; }

    /// <summary>Wins over the storage's own rule.</summary>
    public string? PruneBackups { get; init; }

    public bool Remove { get; init; } = true;

    /// <summary>A directory instead of a storage: no volume ids, no notes, no STOREID for the hook.</summary>
    public string? DumpDirectory { get; init; }

    /// <summary>Scheduled and command line runs belong to root@pam.</summary>
    public string User { get; init; } = "root@pam";

    /// <summary>Overrides the node's hook script.</summary>
    public string? HookScript { get; init; }

    /// <summary>Runs through the API name their node on the command line.</summary>
    public bool ThroughApi { get; init; }

    /// <summary>Awaited between steps, after the node's own gate.</summary>
    [JsonIgnore]
    public Func<VzdumpStep, Task>? Gate { get; init; }
}
