using Microsoft.Extensions.Hosting;
using Perb.Scheduler.Backups;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Pipeline;
using Perb.Scheduler.Store;

namespace Perb.Scheduler.Observability;

/// <summary>Progress for whoever watches: a live line on a terminal, a log line every half minute elsewhere.</summary>
public sealed class ProgressLoop(Activities activities, TerminalLine terminal, TimeProvider time, ILogger<ProgressLoop> logger)
    : BackgroundService
{
    private static readonly TimeSpan OnTerminal = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan InLog = TimeSpan.FromSeconds(30);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(terminal.IsTerminal ? OnTerminal : InLog, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                Show();
            }
        }
        catch (OperationCanceledException)
        {
            terminal.Show("");
        }
    }

    private void Show()
    {
        var current = activities.Current;
        if (terminal.IsTerminal)
        {
            terminal.Show(string.Join(" | ", current.Select(entry => InWords(entry.Backup, entry.Activity))));
            return;
        }

        foreach (var (backup, activity) in current)
        {
            logger.Progress(
                backup.RemoteName,
                backup.Remote,
                activity.Step,
                activity.Volume,
                activity.VolumeCount,
                ByteSize.Format(activity.DoneBytes),
                ByteSize.Format(activity.TotalBytes),
                ByteSize.Format(activity.BytesPerSecond));
        }
    }

    /// <summary><c>100-2026… gdrive upload 1/3 45 % of 1.00 GiB, 40.0 MiB/s, 14 s left</c></summary>
    public static string InWords(Backup backup, Activity activity)
    {
        var percent = activity.TotalBytes > 0 ? activity.DoneBytes * 100 / activity.TotalBytes : 100;
        var left = activity.BytesPerSecond > 0
            ? $", {TimeSpan.FromSeconds((activity.TotalBytes - activity.DoneBytes) / activity.BytesPerSecond):c} left"
            : "";
        return $"{backup.RemoteName} {backup.Remote} {activity.Step} {activity.Volume}/{activity.VolumeCount} "
            + $"{percent} % of {ByteSize.Format(activity.TotalBytes)}, {ByteSize.Format(activity.BytesPerSecond)}/s{left}";
    }
}
