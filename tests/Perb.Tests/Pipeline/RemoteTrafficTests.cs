using Perb.Scheduler.Pipeline;

namespace Perb.Tests.Pipeline;

public sealed class RemoteTrafficTests : IDisposable
{
    private readonly RemoteTraffic _traffic = new(2);
    private bool _swept;

    public void Dispose() => _traffic.Dispose();

    [Fact]
    public async Task Nothing_is_swept_while_anybody_carries()
    {
        using (await _traffic.CarryAsync(Stop))
        {
            await SweepAsync();
            Assert.False(_swept);
        }

        await SweepAsync();
        Assert.True(_swept);
    }

    [Fact]
    public async Task Nobody_begins_to_carry_before_the_sweep_is_done()
    {
        var sweeping = new TaskCompletionSource();
        var sweep = _traffic.WhenIdleAsync(() => sweeping.Task, Stop);

        var carrying = _traffic.CarryAsync(Stop);
        Assert.False(carrying.IsCompleted);
        sweeping.SetResult();
        await sweep;

        (await carrying).Dispose();
    }

    [Fact]
    public void The_end_of_a_volume_is_told_to_whoever_waits_for_room_and_counted_once()
    {
        var (one, other) = (_traffic.Volume(), _traffic.Volume());
        var end = _traffic.NextEnd;

        one.Dispose();
        one.Dispose();

        Assert.True(end.IsCompleted);
        Assert.False(_traffic.NextEnd.IsCompleted);
        Assert.Equal(1, _traffic.Volumes);
        other.Dispose();
        Assert.Equal(0, _traffic.Volumes);
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private Task SweepAsync() => _traffic.WhenIdleAsync(
        () =>
        {
            _swept = true;
            return Task.CompletedTask;
        },
        Stop);
}
