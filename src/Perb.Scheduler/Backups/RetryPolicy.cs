namespace Perb.Scheduler.Backups;

/// <summary>
/// When to try again: exponential back-off with jitter, capped at an hour. Transient faults are retried for ever, since a remote that is
/// away for a week must cost nothing but the week; unexpected ones a few times, because repeating a bug helps nobody.
/// </summary>
public sealed class RetryPolicy(Func<double> jitter)
{
    public const int UnexpectedAttempts = 5;

    /// <summary>No back-off, jitter included, is longer.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromHours(2);

    private static readonly TimeSpan First = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);
    private const int FirstAfterQuota = 7; // as if it had failed so often before: about half an hour, then an hour each

    /// <summary>The wait before the next attempt, or null where a person is needed.</summary>
    /// <param name="failure">What went wrong. A vanished source is tried again too: whether it is gone is for the reconcile to say.</param>
    /// <param name="attempt">How many attempts have failed since the last success, from 1.</param>
    /// <param name="unexpected">How many of them nobody can explain; a week of outages before does not count against them.</param>
    public TimeSpan? DelayAfter(Failure failure, int attempt, int unexpected) => failure switch
    {
        { ConcernsAll: true } or { Kind: FailureKind.Transient or FailureKind.SourceMissing } => PauseAfter(failure, attempt),
        { Kind: FailureKind.Unexpected } when unexpected < UnexpectedAttempts => BackOff(attempt),
        _ => null,
    };

    /// <summary>As above, where it concerns a remote or all backups. When a quota is reset nobody tells: it is asked for about once an hour.</summary>
    public TimeSpan PauseAfter(Failure failure, int attempt) => BackOff(failure.IsQuota ? Math.Max(attempt, FirstAfterQuota) : attempt);

    public TimeSpan BackOff(int attempt)
    {
        var doubled = First * Math.Pow(2, Math.Min(attempt - 1, 16));
        var capped = doubled < Longest ? doubled : Longest;
        return capped * (0.75 + (0.5 * jitter()));
    }
}
