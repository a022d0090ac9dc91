using Microsoft.Extensions.Hosting;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Pipeline;

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
            terminal.Show(string.Join(" | ", current.Select(entry => $"{entry.Backup.RemoteName} {entry.Backup.Remote} {entry.Activity.InWords()}")));
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
}
