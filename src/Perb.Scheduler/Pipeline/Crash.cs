using System.Diagnostics;
using Perb.Scheduler.Backups;

namespace Perb.Scheduler.Pipeline;

/// <summary>
/// For tests alone: dies at one <see cref="CrashPoint"/> as if the power had failed for this process, without a chance to tidy up. Without
/// <c>PERB_CRASH_AT</c> in the environment it does nothing.
/// </summary>
/// <param name="at">A point's name, or a name and the how-manieth time, <c>upload-recorded:2</c>; null: never.</param>
public sealed class Crash(string? at)
{
    private readonly string? _name = at?.Split(':')[0];
    private int _left = at?.Split(':') is [_, var times] ? int.Parse(times, System.Globalization.CultureInfo.InvariantCulture) : 1;

    public void Reached(CrashPoint point)
    {
        if (point.Name == _name && Interlocked.Decrement(ref _left) == 0)
        {
            using var self = Process.GetCurrentProcess();
            self.Kill(); // SIGKILL
            self.WaitForExit(); // not one step more until it arrives
        }
    }
}
