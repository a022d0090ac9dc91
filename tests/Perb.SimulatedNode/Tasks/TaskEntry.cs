namespace Perb.Simulation.Tasks;

/// <summary>One line of the index, or a running task (no end, no status).</summary>
internal sealed record TaskEntry(Upid Upid, long? EndSeconds, string? Status)
{
    public bool IsRunning => Status is null;

    /// <summary>For the status filter running tasks count as unknown.</summary>
    public string Kind => Status switch
    {
        null or "unexpected status" => "unknown",
        "OK" => "ok",
        _ when Status.StartsWith("WARNINGS:", StringComparison.Ordinal) => "warning",
        _ => "error",
    };
}
