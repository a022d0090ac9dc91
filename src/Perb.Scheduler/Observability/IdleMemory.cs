using System.Runtime.InteropServices;
using Microsoft.Extensions.Hosting;
using Perb.Scheduler.Pipeline;

namespace Perb.Scheduler.Observability;

/// <summary>
/// Gives memory back to the guests: soon after the start and after each time of work, then once a minute, never while something is carried.
/// The collector alone would keep what the last busy minute needed, since an idle service allocates too little to make it look; and SQLite's and
/// OpenSSL's memory comes from the C library, which keeps what is freed for each thread by itself.
/// </summary>
public sealed partial class IdleMemory(Activities activities, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private const int LooksPerTrim = 6;

    private int _idleLooks;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            if (IsTimeToTrim())
            {
                Trim();
            }
        }
    }

    /// <summary>True at the first look after a time of work and at every sixth after that; what happened between two looks counts as none.</summary>
    internal bool IsTimeToTrim()
    {
        if (activities.Current.Count > 0)
        {
            _idleLooks = 0;
            return false;
        }

        return _idleLooks++ % LooksPerTrim == 0;
    }

    private static void Trim()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        _ = TrimHeap(0);
    }

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int TrimHeap(nuint keptBytes);
}
