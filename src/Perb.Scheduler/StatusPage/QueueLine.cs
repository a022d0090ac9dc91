using Perb.Scheduler.Backups;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Store;

namespace Perb.Scheduler.StatusPage;

/// <summary>A backup that is worked on, as the page shows it: on its first sight and by every event after it.</summary>
/// <param name="Backup">Its name on the remote.</param>
/// <param name="Remote">Where it goes.</param>
/// <param name="What"><c>upload of volume 2/3, 40.0 MiB/s</c></param>
/// <param name="Percent">Of the whole backup, 0 to 100.</param>
/// <param name="Left"><c>about 3 min left</c>; empty where nobody can tell yet.</param>
internal sealed record QueueLine(string Backup, string Remote, string What, int Percent, string Left)
{
    /// <summary>
    /// Volumes are sent in their order, mostly: what was sent before this one counts as done. Sealing runs ahead of sending, so it counts only
    /// while nothing is sent yet.
    /// </summary>
    public static QueueLine Of(Backup backup, Activity activity, long volumeBytes)
    {
        var isUpload = activity.Step == "upload";
        var before = isUpload ? (activity.Volume - 1) * volumeBytes : 0;
        var total = Math.Max(backup.SizeBytes, before + activity.TotalBytes);
        var done = isUpload ? before + activity.DoneBytes : 0;
        var speed = activity.BytesPerSecond > 0 ? $", {ByteSize.Format(activity.BytesPerSecond)}/s" : "";
        return new QueueLine(
            backup.RemoteName,
            backup.Remote,
            $"{activity.Step} of volume {activity.Volume}/{activity.VolumeCount}{speed}",
            total > 0 ? (int)Math.Clamp(done * 100 / total, 0, 100) : 0,
            isUpload && activity.BytesPerSecond > 0 ? $"about {Ago.InWords(TimeSpan.FromSeconds((total - done) / activity.BytesPerSecond))} left" : "");
    }
}
