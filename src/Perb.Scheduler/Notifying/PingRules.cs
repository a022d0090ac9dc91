namespace Perb.Scheduler.Notifying;

/// <summary>What was signalled so far in this life.</summary>
/// <param name="SucceededAt">The last success.</param>
/// <param name="WasSafe">At the last look that was told; null: none yet.</param>
/// <param name="WasBusy">Something was being shipped then.</param>
internal sealed record PingState(DateTimeOffset? SucceededAt, bool? WasSafe, bool WasBusy)
{
    public static PingState None { get; } = new(null, null, false);
}

/// <summary>
/// When the dead man's address is called: success only while every guest is inside its RPO, once an interval and when a shipping is done; fail
/// once when one falls out; start when a shipping begins. Pure.
/// </summary>
internal static class PingRules
{
    /// <param name="state">Of the signals that were taken.</param>
    /// <param name="isSafe">Every guest is inside its RPO.</param>
    /// <param name="isBusy">Something is being shipped.</param>
    /// <param name="interval">Between two successes.</param>
    /// <param name="now">The time of the look.</param>
    /// <returns>Null: nothing now.</returns>
    public static PingSignal? Next(PingState state, bool isSafe, bool isBusy, TimeSpan interval, DateTimeOffset now) => (isSafe, isBusy) switch
    {
        (false, _) => state.WasSafe is false ? null : PingSignal.Fail,
        (true, true) when !state.WasBusy => PingSignal.Start,
        (true, false) when state.WasBusy => PingSignal.Success,
        _ when state.WasSafe is not true || state.SucceededAt is not { } last || last > now || last + interval <= now => PingSignal.Success,
        _ => null,
    };

    /// <summary>After a signal was taken, or none was due.</summary>
    public static PingState After(PingState state, PingSignal? signal, bool isBusy, DateTimeOffset now) => new(
        signal == PingSignal.Success ? now : state.SucceededAt,
        signal switch
        {
            PingSignal.Success => true,
            PingSignal.Fail => false,
            _ => state.WasSafe,
        },
        isBusy);
}
