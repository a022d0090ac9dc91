using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Perb.Scheduler.Cli;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Pipeline;
using Perb.Scheduler.Store;
using Perb.Scheduler.Wishes;
using Perb.Tests.Configuration;
using Perb.Tests.Discovery;
using Perb.Tests.Store;

namespace Perb.Tests.Cli;

public sealed class OneRunTests
{
    [Fact]
    public async Task A_run_that_ends_in_an_exception_leaves_no_loop_behind()
    {
        await using var store = await TestStore.OpenAsync();
        var options = Some.Options($"\"StateDirectory\": \"{store.Folder}\"");
        var wishes = new OpenWishes(new WishStore(store.Database, store.Time), null!, NullLogger<OpenWishes>.Instance); // there are none
        using var wishLoop = new WishLoop(wishes, options, store.Time, NullLogger<WishLoop>.Instance);
        using var progressLoop = new ProgressLoop(
            new Activities(store.Time), new TerminalLine(TextWriter.Null, isTerminal: false, null!), store.Time, NullLogger<ProgressLoop>.Instance);
        using var held = Parts.Hold();
        using var holdLoop = new HoldLoop(held, store.Discovery, store.Time, NullLogger<HoldLoop>.Instance);
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddSingleton(wishes).AddSingleton(wishLoop).AddSingleton(progressLoop).AddSingleton(holdLoop);
        using var withoutWorkers = builder.Build();

        await Assert.ThrowsAsync<InvalidOperationException>(() => OneRun.ShipAsync(withoutWorkers, null, TestStore.Stop));

        Assert.All([wishLoop, progressLoop, holdLoop], (BackgroundService loop) => Assert.True(loop.ExecuteTask is { IsCompleted: true }));
    }
}
