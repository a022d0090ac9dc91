using Perb.Scheduler.Backups;

namespace Perb.Scheduler.Pipeline;

/// <summary>The volumes of a backup that are sealed or sent now, and the weakest proof of those that ended.</summary>
internal sealed class VolumesUnderWay(VerifyLevel weakest)
{
    private readonly List<Task<VerifyLevel>> _tasks = [];

    public int Count => _tasks.Count;

    public VerifyLevel Weakest { get; private set; } = weakest;

    public void Add(Task<VerifyLevel> volume) => _tasks.Add(volume);

    /// <summary>Throws what the one that ended failed with.</summary>
    public async Task OneEndsAsync()
    {
        var ended = await Task.WhenAny(_tasks);
        _tasks.Remove(ended);
        var how = await ended;
        Weakest = how < Weakest ? how : Weakest;
    }

    /// <summary>Until none runs any more, however they end.</summary>
    public async Task AllEndAsync() => await ((Task)Task.WhenAll(_tasks)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
