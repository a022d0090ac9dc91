namespace Perb.ProxmoxClient;

public enum TaskSource
{
    /// <summary>Finished tasks, the last one noticed first: the order of their ends, not of their starts.</summary>
    Archive,

    /// <summary>Tasks that are not archived yet; mostly running ones.</summary>
    Active,

    /// <summary>Active ones first, then the archive.</summary>
    All,
}

/// <summary>
/// Which tasks of a node. Paging shifts when a task ends between two calls, so pages must overlap or be read again. The
/// history is bounded by the node: several hundred tasks of all types.
/// </summary>
public sealed record TaskQuery
{
    public TaskSource Source { get; init; }

    public int Start { get; init; }

    /// <summary>At most so many; 0 gives none (only the total), and there is no upper bound.</summary>
    public int Limit { get; init; } = 500;

    /// <summary>One exact type, such as <c>vzdump</c>; the node takes no list here.</summary>
    public string? TypeFilter { get; init; }

    /// <summary>
    /// Only tasks that ended so; running ones count as <see cref="TaskExitKind.Unknown"/>. Null or empty: all.
    /// </summary>
    public IReadOnlyCollection<TaskExitKind>? StatusFilter { get; init; }

    /// <summary>
    /// Compared with the <em>start</em> time, inclusive, in whole seconds: a long task that began earlier is missed.
    /// </summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Compared with the start time, inclusive.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>
    /// Compared with the UPID's id: a vzdump task of several guests has none and is never found by this.
    /// </summary>
    public int? VmId { get; init; }

    /// <summary>A part of <c>name@realm</c>, in any case.</summary>
    public string? UserFilter { get; init; }
}
