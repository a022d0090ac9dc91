namespace Perb.Scheduler.Retention;

/// <summary>
/// Whether the wall clock can be believed. It is compared with the clock that nobody can set, since the last look, and with what was recorded
/// before: a copy that seems a year old because the clock jumped must not be removed for it.
/// </summary>
public sealed class ClockWatch(TimeProvider time)
{
    private static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(5);

    private (DateTimeOffset Wall, long Steady) _last = (time.GetUtcNow(), time.GetTimestamp());

    /// <summary>Null: it can. A jump is told once; if the clock then goes on evenly, it is believed.</summary>
    /// <param name="latestRecord">The latest time in the store.</param>
    public string? FaultSinceLastLook(DateTimeOffset? latestRecord)
    {
        var jump = JumpSinceLastLook();
        var now = _last.Wall;
        return jump.Duration() > Tolerance ? $"the clock jumped by {jump:c} since the last look"
            : latestRecord - now > Tolerance ? $"the clock says {now:u}, but something was recorded at {latestRecord:u} already"
            : null;
    }

    /// <summary>How much the wall clock went further than time did; negative: it was set back.</summary>
    public TimeSpan JumpSinceLastLook()
    {
        var now = time.GetUtcNow();
        var jump = now - _last.Wall - time.GetElapsedTime(_last.Steady);
        _last = (now, time.GetTimestamp());
        return jump;
    }
}
