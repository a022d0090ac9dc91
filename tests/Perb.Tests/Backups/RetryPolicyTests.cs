using CsCheck;
using Perb.Scheduler.Backups;
using Perb.Transfer.Rclone;

namespace Perb.Tests.Backups;

public sealed class RetryPolicyTests
{
    private static readonly RetryPolicy Policy = new(() => 0.5);

    [Theory]
    [InlineData(1, "00:00:30")]
    [InlineData(2, "00:01:00")]
    [InlineData(7, "00:32:00")]
    [InlineData(8, "01:00:00")]
    [InlineData(1_000_000, "01:00:00")]
    public void The_wait_doubles_up_to_an_hour(int attempt, string expected) =>
        Assert.Equal(TimeSpan.Parse(expected), Policy.BackOff(attempt));

    [Fact]
    public void Jitter_moves_a_wait_by_a_quarter_at_most() =>
        Gen.Select(Gen.Double[0, 1], Gen.Int[1, int.MaxValue]).Sample((jitter, attempt) =>
        {
            var share = new RetryPolicy(() => jitter).BackOff(attempt) / Policy.BackOff(attempt);
            return share is >= 0.749 and <= 1.251;
        });

    [Theory]
    [InlineData(FailureKind.Transient, 1, true)]
    [InlineData(FailureKind.Transient, 10_000, true)]
    [InlineData(FailureKind.SourceMissing, 10_000, true)]
    [InlineData(FailureKind.Unexpected, 1, true)]
    [InlineData(FailureKind.Unexpected, RetryPolicy.UnexpectedAttempts - 1, true)]
    [InlineData(FailureKind.Unexpected, RetryPolicy.UnexpectedAttempts, false)]
    [InlineData(FailureKind.NeedsOperator, 1, false)]
    public void Only_what_may_mend_itself_is_tried_again(FailureKind kind, int attempt, bool again) =>
        Assert.Equal(again, Policy.DelayAfter(new Failure(kind, "x"), attempt, unexpected: attempt) is not null);

    [Fact]
    public void A_backup_waits_for_a_refused_remote_however_long() =>
        Assert.NotNull(Policy.DelayAfter(Failure.From(new RcloneException(RcloneFailure.NoRetry, "quota")), 10_000, 10_000));

    [Fact]
    public void A_week_of_outages_does_not_use_up_the_tries_of_what_nobody_can_explain()
    {
        var odd = new Failure(FailureKind.Unexpected, "x");

        Assert.Equal(Policy.BackOff(10_000), Policy.DelayAfter(odd, 10_000, unexpected: 1));
        Assert.Null(Policy.DelayAfter(odd, 10_000, RetryPolicy.UnexpectedAttempts));
    }

    [Fact]
    public void No_wait_is_longer_than_the_store_believes() =>
        Assert.True(new RetryPolicy(() => 1).BackOff(int.MaxValue) <= RetryPolicy.LongestWait);
}
