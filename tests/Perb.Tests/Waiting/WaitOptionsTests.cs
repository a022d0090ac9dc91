using Perb.Scheduler.Discovery;
using Perb.Scheduler.Waiting;

namespace Perb.Tests.Waiting;

public sealed class WaitOptionsTests
{
    [Theory]
    [InlineData("2h", 7200)]
    [InlineData("90m", 5400)]
    [InlineData("45s", 45)]
    [InlineData("1d", 86400)]
    [InlineData("30", 30)]
    public void A_duration_is_a_number_with_a_unit(string text, int seconds)
    {
        Assert.True(WaitOptions.TryParseDuration(text, out var duration));
        Assert.Equal(TimeSpan.FromSeconds(seconds), duration);
    }

    [Theory]
    [InlineData("")]
    [InlineData("h")]
    [InlineData("0")]
    [InlineData("0h")]
    [InlineData("-1h")]
    [InlineData("1.5h")]
    [InlineData("2h30m")]
    [InlineData("2 h")]
    [InlineData("2H")]
    [InlineData("99999999999d")]
    public void Anything_else_is_none(string text) => Assert.False(WaitOptions.TryParseDuration(text, out _));

    [Theory]
    [InlineData("4711-123456", 4711, 123456L)]
    [InlineData("4711-", 4711, null)]
    public void A_worker_is_a_pid_and_its_start(string text, int pid, long? started)
    {
        Assert.True(VzdumpWorker.TryParse(text, out var worker));
        Assert.Equal(new VzdumpWorker(pid, started), worker);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-")]
    [InlineData("4711")]
    [InlineData("-123")]
    [InlineData("4711-x")]
    [InlineData("4711-1-2")]
    [InlineData(" 4711-1")]
    public void Anything_else_is_no_worker(string text) => Assert.False(VzdumpWorker.TryParse(text, out _));
}
