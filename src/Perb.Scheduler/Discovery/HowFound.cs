using Perb.ProxmoxClient;
using Perb.Transfer;

namespace Perb.Scheduler.Discovery;

/// <summary>Which source an archive was first found by, in the words of its history: the hook, a vzdump task, or a listing alone.</summary>
/// <param name="tasks">What the hook said.</param>
/// <param name="ended">The vzdump tasks that were not noted before.</param>
/// <param name="round">What led to the listing.</param>
internal sealed class HowFound(TaskView tasks, IReadOnlyList<ProxmoxTask> ended, string round)
{
    public string Of(FoundArchive archive)
    {
        if (tasks.LogEnds.Contains((archive.Storage ?? "", archive.Name.FileName)))
        {
            return "found by the hook: log-end";
        }

        // One runs at a time. What waited for the lock began before it too, and ended later.
        var maker = ended.Where(task => task.StartedAt <= archive.Time && archive.Time <= task.EndedAt).MinBy(task => task.EndedAt);
        return maker is null
            ? $"found by listing: {round}"
            : $"found by vzdump task {maker.Upid}, which ended: {Printable.Clean(maker.ExitStatus!.Text, 100)}";
    }
}
