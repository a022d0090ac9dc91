using Microsoft.Extensions.Logging.Abstractions;
using Perb.ProxmoxClient;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Scheduling;
using Perb.Tests.Store;

namespace Perb.Tests.Observability;

public sealed class JobBoundaryTests : IAsyncLifetime
{
    private TestStore _store = null!;

    public async ValueTask InitializeAsync() => _store = await TestStore.OpenAsync();

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    [Fact]
    public async Task A_node_that_is_away_is_trouble_until_a_round_succeeds()
    {
        await RunAsync(_ => throw new UnavailableException("it is away"));
        Assert.Equal([("proxmox", "it is away")], await TroublesAsync());

        await RunAsync(_ => Task.CompletedTask);
        Assert.Empty(await TroublesAsync());
    }

    [Fact]
    public async Task A_round_that_stumbles_is_trouble_of_its_own_until_one_succeeds()
    {
        await RunAsync(_ => throw new InvalidOperationException("what\nnobody foresaw"));
        var (subject, text) = Assert.Single(await TroublesAsync());
        Assert.Equal("discovery round", subject);
        Assert.Matches("^the poll stumbled: what.+nobody foresaw; the log has more$", text);

        await RunAsync(_ => throw new UnavailableException("it is away"));
        Assert.Equal(2, (await TroublesAsync()).Count());

        await RunAsync(_ => Task.CompletedTask);
        Assert.Empty(await TroublesAsync());
    }

    [Fact]
    public async Task A_store_that_fails_does_not_stop_the_clock()
    {
        await _store.ExecuteAsync("DROP TABLE trouble");

        Assert.Null(await Record.ExceptionAsync(() => RunAsync(_ => throw new InvalidOperationException("unforeseen"))));
        Assert.Null(await Record.ExceptionAsync(() => RunAsync(_ => throw new UnavailableException("it is away"))));
        Assert.Null(await Record.ExceptionAsync(() => Boundary().RunAsideAsync("notes", _ => throw new InvalidOperationException("unforeseen"), TestStore.Stop)));
    }

    [Fact]
    public async Task What_stumbles_aside_is_trouble_of_its_own_until_it_succeeds()
    {
        await Boundary().RunAsideAsync("prune of r", _ => throw new InvalidOperationException("unforeseen"), TestStore.Stop);
        Assert.Equal([("job prune of r", "the prune of r stumbled: unforeseen; the log has more")], await TroublesAsync());

        await Boundary().RunAsideAsync("prune of s", _ => Task.CompletedTask, TestStore.Stop);
        Assert.Single(await TroublesAsync());

        await Boundary().RunAsideAsync("prune of r", _ => Task.CompletedTask, TestStore.Stop);
        Assert.Empty(await TroublesAsync());
    }

    private Task RunAsync(Func<CancellationToken, Task> round) => Boundary().RunAsync("poll", round, TestStore.Stop);

    private JobBoundary Boundary() =>
        new(new Troubles(_store.Status, NullLogger<Troubles>.Instance), new Heartbeat(TimeProvider.System), NullLogger<JobBoundary>.Instance);

    private async Task<IEnumerable<(string, string)>> TroublesAsync() =>
        (await _store.Status.TroublesAsync(TestStore.Stop)).Select(trouble => (trouble.Subject, trouble.Text));
}
