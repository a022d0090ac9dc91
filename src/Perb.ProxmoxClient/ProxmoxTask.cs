namespace Perb.ProxmoxClient;

/// <summary>One task of a node's list.</summary>
/// <param name="StartedAt">Of a task that waited for the vzdump lock the submission, not the first backup.</param>
/// <param name="EndedAt">When the node noticed the end, up to 10 s late; after a crash the moment of noticing. Null
/// while running.</param>
/// <param name="ExitStatus">Null while running. A worker that vanished may be listed as running until the node
/// notices.</param>
/// <param name="User"><c>name@realm</c>.</param>
/// <param name="TokenId">The name of the token that started it (without the user), or null.</param>
public sealed record ProxmoxTask(
    Upid Upid,
    DateTimeOffset StartedAt,
    DateTimeOffset? EndedAt,
    TaskExitStatus? ExitStatus,
    string User,
    string? TokenId)
{
    public bool IsRunning => ExitStatus is null;
}

/// <summary>
/// What a node says of one task; it looks at the process itself, so it is more current than the list.
/// </summary>
/// <param name="ExitStatus">Null while running.</param>
public sealed record ProxmoxTaskStatus(Upid Upid, TaskExitStatus? ExitStatus)
{
    public bool IsRunning => ExitStatus is null;
}

/// <summary>A part of a node's task list, and how many tasks match in all.</summary>
public sealed record TaskPage(IReadOnlyList<ProxmoxTask> Tasks, long Total);

/// <summary>A line of a task's log.</summary>
/// <param name="Number">From 1.</param>
/// <param name="Text">Foreign text without the line's end; the last line of a growing log may be incomplete.</param>
public sealed record TaskLogLine(int Number, string Text);
