using Microsoft.Extensions.Time.Testing;
using Perb.Scheduler.Discovery;
using Perb.Tests.Store;

namespace Perb.Tests.Discovery;

public sealed class TimedLookTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly FakeTimeProvider _time = new(Archives.Now);
    private readonly TimedLook _look;

    public TimedLookTests() => _look = new TimedLook(Patience, _time);

    [Fact]
    public async Task A_look_that_hangs_ends_and_leaves_one_thread_behind_until_the_place_answers()
    {
        using var answers = new ManualResetEventSlim();
        var begun = 0;
        int Hang()
        {
            begun++;
            answers.Wait(TestStore.Stop);
            return 1;
        }

        var hanging = _look.AtAsync("there", Hang, TestStore.Stop);
        _time.Advance(Patience - TimeSpan.FromTicks(1));
        Assert.False(hanging.IsCompleted);
        _time.Advance(TimeSpan.FromTicks(1));

        await Assert.ThrowsAsync<TimeoutException>(() => hanging);
        await Assert.ThrowsAsync<TimeoutException>(() => _look.AtAsync("there", Hang, TestStore.Stop)); // the clock stands still
        Assert.Equal(2, await _look.AtAsync("elsewhere", () => 2, TestStore.Stop));
        Assert.Equal(1, begun);

        answers.Set();
        int? seen = null;
        while (seen is null)
        {
            try
            {
                seen = await _look.AtAsync("there", () => 3, TestStore.Stop);
            }
            catch (TimeoutException)
            {
                await Task.Yield(); // the thread that was left behind is just ending
            }
        }

        Assert.Equal(3, seen);
    }

    [Fact]
    public async Task Who_stops_does_not_wait_for_the_place()
    {
        using var answers = new ManualResetEventSlim();
        using var stop = new CancellationTokenSource();
        var hanging = _look.AtAsync("there", () => answers.Wait(Timeout.InfiniteTimeSpan, TestStore.Stop), stop.Token);

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => hanging);
        answers.Set();
    }

    [Fact]
    public async Task What_goes_wrong_in_a_look_is_its_callers() => await Assert.ThrowsAsync<DirectoryNotFoundException>(
        () => _look.AtAsync<int>("there", () => throw new DirectoryNotFoundException(), TestStore.Stop));
}
