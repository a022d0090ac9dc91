namespace Perb.Transfer.Rclone;

/// <summary>
/// The reasons to stop one run (the caller, a stall, an answer that is no answer) and the two ways of doing it: interrupt,
/// and kill once the grace period is over.
/// </summary>
internal sealed class StopSignals : IDisposable
{
    private readonly TimeSpan _stallTimeout;
    private readonly CancellationTokenSource _stall;
    private readonly CancellationTokenSource _interrupt;
    private readonly CancellationTokenSource _kill;
    private readonly CancellationTokenRegistration _escalation;

    public StopSignals(RcloneOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        _stallTimeout = options.StallTimeout;
        _stall = new CancellationTokenSource(_stallTimeout, time);
        _kill = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        _interrupt = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stall.Token);
        _escalation = _interrupt.Token.Register(() => _kill.CancelAfter(options.GracePeriod));
    }

    public CancellationToken Interrupted => _interrupt.Token;

    public CancellationToken Killed => _kill.Token;

    public bool IsStalled => _stall.IsCancellationRequested;

    /// <summary>Something moved: the stall timeout starts anew.</summary>
    public void SignOfLife() => _stall.CancelAfter(_stallTimeout);

    public void Interrupt() => _interrupt.Cancel();

    public void Dispose()
    {
        _escalation.Dispose();
        _interrupt.Dispose();
        _kill.Dispose();
        _stall.Dispose();
    }
}
