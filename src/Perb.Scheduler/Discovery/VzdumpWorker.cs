using System.Globalization;

namespace Perb.Scheduler.Discovery;

/// <summary>
/// The process that runs a vzdump task: its pid and its start in clock ticks since boot, the second and third number of the task's UPID.
/// So it is told from one that had the same pid before. Null where the start could not be read.
/// </summary>
public readonly record struct VzdumpWorker(long Pid, long? Started)
{
    /// <summary><c>4711-123456</c>, as the hook hands it to <c>perb hook wait</c>; the second number may be missing.</summary>
    public static bool TryParse(string text, out VzdumpWorker worker)
    {
        worker = default;
        if (text.Split('-') is not [var pid, var started]
            || !long.TryParse(pid, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return false;
        }

        var hasStart = long.TryParse(started, NumberStyles.None, CultureInfo.InvariantCulture, out var ticks);
        worker = new VzdumpWorker(number, hasStart ? ticks : null);
        return hasStart || started.Length == 0;
    }
}
