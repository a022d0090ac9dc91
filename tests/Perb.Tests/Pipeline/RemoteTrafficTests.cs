using Perb.Scheduler.Pipeline;
using Perb.Tests.Store;

namespace Perb.Tests.Pipeline;

public sealed class RemoteTrafficTests : IDisposable
{
    private readonly RemoteTraffic _traffic = new(1);

    public void Dispose() => _traffic.Dispose();

    [Fact]
    public async Task A_free_slot_goes_to_the_backup_that_began_first()
    {
        var (first, second) = (_traffic.NextTurn(), _traffic.NextTurn());
        var held = await _traffic.SlotAsync(first, TestStore.Stop);
        var ahead = _traffic.SlotAsync(second, TestStore.Stop);
        var next = _traffic.SlotAsync(first, TestStore.Stop);

        held.Dispose();

        (await next).Dispose();
        (await ahead).Dispose();
        (await _traffic.SlotAsync(second, TestStore.Stop)).Dispose();
    }

    [Fact]
    public async Task Whoever_gave_up_waiting_is_passed_over_and_takes_no_slot_away()
    {
        using var stop = new CancellationTokenSource();
        var held = await _traffic.SlotAsync(1, TestStore.Stop);
        var stopped = _traffic.SlotAsync(1, stop.Token);
        var patient = _traffic.SlotAsync(2, TestStore.Stop);

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stopped);
        held.Dispose();
        held.Dispose();

        (await patient).Dispose();
        await _traffic.SlotAsync(3, TestStore.Stop);
        Assert.False(_traffic.SlotAsync(3, TestStore.Stop).IsCompleted);
    }
}
