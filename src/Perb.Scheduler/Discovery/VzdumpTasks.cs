using Perb.ProxmoxClient;

namespace Perb.Scheduler.Discovery;

/// <summary>The vzdump tasks of the node, as far as the token may see them.</summary>
/// <param name="IsIdle">None runs. False also where nobody can tell.</param>
/// <param name="Finished">Those of the last days that ended.</param>
/// <param name="AskedAt">
/// Just before the node was asked. Since then a task may have started, so idleness says nothing of archives written later.
/// </param>
public sealed record TaskView(bool IsIdle, IReadOnlyList<ProxmoxTask> Finished, DateTimeOffset AskedAt)
{
    private static readonly HashSet<(string, string)> NoLogEnds = [];

    /// <summary>Of what archives, by storage and name, the hook said that vzdump is done with them.</summary>
    public IReadOnlySet<(string Storage, string Archive)> LogEnds { get; init; } = NoLogEnds;
}

/// <summary>
/// Asks the node for vzdump tasks. <c>since</c> compares the start, so the look back is as long as the longest backup that we allow for;
/// a task that is seen twice costs nothing.
/// </summary>
public sealed class VzdumpTasks(ProxmoxApi api, string node)
{
    public static readonly TimeSpan LookBack = TimeSpan.FromDays(2);

    public async Task<TaskView> LookAsync(bool canSeeAll, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var active = await api.GetTasksAsync(
            node, new TaskQuery { Source = TaskSource.Active, TypeFilter = "vzdump" }, cancellationToken);
        var finished = await api.GetTasksAsync(
            node, new TaskQuery { Source = TaskSource.Archive, TypeFilter = "vzdump", Since = now - LookBack }, cancellationToken);
        return new TaskView(
            canSeeAll && !active.Tasks.Any(task => task.IsRunning), [.. finished.Tasks.Where(task => !task.IsRunning)], now);
    }
}
