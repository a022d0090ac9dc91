using System.Collections.Concurrent;
using Perb.Scheduler.Backups;
using Perb.Scheduler.Store;
using Perb.Transfer.Rclone;

namespace Perb.Scheduler.Pipeline;

/// <summary>What is being done right now, in memory: read by the terminal's progress line and by the lease keeper.</summary>
public sealed class Activities(TimeProvider time)
{
    private readonly ConcurrentDictionary<long, (Backup Backup, Activity Activity)> _current = new();

    public IReadOnlyCollection<(Backup Backup, Activity Activity)> Current => [.. _current.Values];

    public Activity? Of(long backupId) => _current.TryGetValue(backupId, out var entry) ? entry.Activity : null;

    public void Finished(Backup backup) => _current.TryRemove(backup.Id, out _);

    /// <summary>A step that counts bytes; its speed is the average since it began.</summary>
    public Step Begin(Backup backup, string step, int volume, int volumeCount, long totalBytes)
    {
        var begun = new Activity(step, volume, volumeCount, 0, totalBytes, 0);
        _current[backup.Id] = (backup, begun);
        return new Step(this, backup, begun);
    }

    public sealed class Step(Activities activities, Backup backup, Activity begun)
        : IProgress<long>, IProgress<TransferProgress>
    {
        private readonly long _startedAt = activities.Now();

        public void Report(long doneBytes)
        {
            var seconds = activities.SecondsSince(_startedAt);
            var rate = seconds > 0.1 ? (long)(doneBytes / seconds) : 0;

            // Only what is still there: rclone's last report may come after the end.
            if (activities._current.TryGetValue(backup.Id, out var before))
            {
                activities._current.TryUpdate(
                    backup.Id, (backup, begun with { DoneBytes = doneBytes, BytesPerSecond = rate }), before);
            }
        }

        public void Report(TransferProgress value) => Report(value.Bytes);
    }

    private long Now() => time.GetTimestamp();

    private double SecondsSince(long startedAt) => time.GetElapsedTime(startedAt).TotalSeconds;
}
