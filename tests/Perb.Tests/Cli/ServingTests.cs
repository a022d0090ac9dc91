using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Perb.Scheduler;
using Perb.Scheduler.Cli;

namespace Perb.Tests.Cli;

public sealed class ServingTests
{
    [Fact]
    public async Task A_loop_that_crashes_ends_the_service_with_a_code_that_makes_systemd_start_it_again() =>
        Assert.Equal(ExitCode.Failed, await ServeAsync(_ => throw new InvalidOperationException("a bug"), CancellationToken.None));

    [Fact]
    public async Task A_stop_is_a_clean_end()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);

        Assert.Equal(ExitCode.Ok, await ServeAsync(
            async stopping =>
            {
                await stop.CancelAsync();
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stopping);
            },
            stop.Token));
    }

    private static async Task<ExitCode> ServeAsync(Func<CancellationToken, Task> loop, CancellationToken cancellationToken)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddHostedService(_ => new Loop(loop));
        using var host = builder.Build();
        return await RunCommand.ServeAsync(host, cancellationToken);
    }

    private sealed class Loop(Func<CancellationToken, Task> loop) : BackgroundService
    {
        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            await Task.Yield(); // a crash while the service runs, not one of its start
            await loop(stoppingToken);
        }
    }
}
