using System.Collections.Concurrent;
using Perb.Scheduler.Backups;
using Perb.Scheduler.Store;
using Perb.Transfer.Rclone;

namespace Perb.Scheduler.Pipeline;

/// <summary>What is being done right now, in memory: read by the terminal's progress line and by the lease keeper.</summary>
public sealed class Activities(TimeProvider time)
{
    private readonly ConcurrentDictionary<(long BackupId, int Volume), (Backup Backup, Activity Activity)> _current = new();

    /// <summary>One for each backup that is worked on.</summary>
    public IReadOnlyCollection<(Backup Backup, Activity Activity)> Current =>
        [.. _current.Values.GroupBy(entry => entry.Backup.Id).Select(Foremost)];

    public Activity? Of(long backupId)
    {
        var steps = _current.Values.Where(entry => entry.Backup.Id == backupId).ToList();
        return steps.Count == 0 ? null : Foremost(steps).Activity;
    }

    /// <summary>Nothing is done for the backup any more.</summary>
    public void Finished(Backup backup)
    {
        foreach (var key in _current.Keys.Where(key => key.BackupId == backup.Id))
        {
            _current.TryRemove(key, out _);
        }
    }

    /// <summary>Nothing is done for this volume any more.</summary>
    public void Ended(Backup backup, int volume) => _current.TryRemove((backup.Id, volume), out _);

    /// <summary>A step that counts bytes; its speed is the average since it began.</summary>
    public Step Begin(Backup backup, string step, int volume, int volumeCount, long totalBytes)
    {
        var begun = new Activity(step, volume, volumeCount, 0, totalBytes, 0);
        _current[(backup.Id, volume)] = (backup, begun);
        return new Step(this, backup, begun);
    }

    // Of the volumes under way, the one that is farthest: what is sent is what people wait for.
    private static (Backup Backup, Activity Activity) Foremost(IEnumerable<(Backup Backup, Activity Activity)> steps) =>
        steps.OrderBy(entry => entry.Activity.Step == "upload" ? 0 : 1).ThenBy(entry => entry.Activity.Volume).First();

    public sealed class Step(Activities activities, Backup backup, Activity begun)
        : IProgress<long>, IProgress<TransferProgress>
    {
        private readonly long _startedAt = activities.Now();

        public TimeSpan Elapsed => activities.Since(_startedAt);

        public void Report(long doneBytes)
        {
            var seconds = Elapsed.TotalSeconds;
            var rate = seconds > 0.1 ? (long)(doneBytes / seconds) : 0;

            // Only what is still there: rclone's last report may come after the end.
            if (activities._current.TryGetValue((backup.Id, begun.Volume), out var before))
            {
                activities._current.TryUpdate(
                    (backup.Id, begun.Volume), (backup, begun with { DoneBytes = doneBytes, BytesPerSecond = rate }), before);
            }
        }

        public void Report(TransferProgress value) => Report(value.Bytes);
    }

    private long Now() => time.GetTimestamp();

    private TimeSpan Since(long startedAt) => time.GetElapsedTime(startedAt);
}
