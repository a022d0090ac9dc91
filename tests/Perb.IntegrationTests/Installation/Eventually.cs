namespace Perb.IntegrationTests.Installation;

/// <summary>Looks again and again at something that no event announces, and gives up at a deadline that only a fault reaches.</summary>
public static class Eventually
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    public static Task HoldsAsync(string what, Func<bool> condition) => HoldsAsync(what, () => Task.FromResult(condition()));

    /// <param name="what">What holds.</param>
    /// <param name="condition">Whether it does.</param>
    /// <param name="longest">More than the usual, where Perb itself waits.</param>
    public static async Task HoldsAsync(string what, Func<Task<bool>> condition, TimeSpan? longest = null)
    {
        var limit = longest ?? Longest;
        var startedAt = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(startedAt) < limit, $"not in {limit}: {what}");
            await Task.Delay(Interval, TimeProvider.System, TestContext.Current.CancellationToken);
        }
    }
}
