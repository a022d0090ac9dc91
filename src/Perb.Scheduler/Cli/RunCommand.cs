using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Perb.Scheduler.Observability;

namespace Perb.Scheduler.Cli;

/// <summary><c>perb run</c>: the service. It ends with 78 where it cannot start, with 75 where it may soon; once it runs, it goes on with what it can.</summary>
internal static class RunCommand
{
    public static async Task<ExitCode> RunAsync(string? configuration, bool asJson, CancellationToken cancellationToken)
    {
        try
        {
            return await OwnedHost.UseAsync(
                configuration,
                asJson ? LogTarget.StandardError : LogTarget.StandardOutput,
                nodeMustAnswer: false,
                host => ServeAsync(host, cancellationToken),
                cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Stopped while it was starting: to systemd that is as good as later.
            return ExitCode.Ok;
        }
    }

    /// <summary>
    /// Until it is told to stop, or one of its loops crashes: the host logs that, stops the rest and returns as if all were well. The exit
    /// code must tell systemd to start the service again.
    /// </summary>
    public static async Task<ExitCode> ServeAsync(IHost host, CancellationToken cancellationToken)
    {
        var loops = host.Services.GetServices<IHostedService>().OfType<BackgroundService>().ToList();
        await host.RunAsync(cancellationToken);
        return loops.Any(loop => loop.ExecuteTask is { IsFaulted: true }) ? ExitCode.Failed : ExitCode.Ok;
    }
}
