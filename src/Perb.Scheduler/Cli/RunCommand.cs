using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Pipeline;

namespace Perb.Scheduler.Cli;

/// <summary><c>perb run</c>: the service. It ends with 78 where it cannot start; once it runs, it goes on with what it can.</summary>
internal static class RunCommand
{
    public static async Task<ExitCode> RunAsync(string? configuration, CancellationToken cancellationToken)
    {
        var settings = Settings.Load(configuration);
        using var state = StateDirectory.TryOwn(settings.Options.StateDirectory);
        if (state is null)
        {
            return await AlreadyOwned.SayAsync(settings);
        }

        using var host = await PerbHost.BuildAsync(settings, state, LogTarget.StandardOutput, cancellationToken);
        SayHello(host.Services.GetRequiredService<ILogger<StateDirectory>>(), settings, state);
        try
        {
            await host.Services.GetRequiredService<Preflight>().RunAsync(nodeMustAnswer: false, cancellationToken);
            await host.Services.GetRequiredService<TakeOver>().RunAsync(cancellationToken);
            await host.RunAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Stopped while it was starting: to systemd that is as good as later.
        }

        return ExitCode.Ok;
    }

    public static void SayHello(ILogger logger, Settings settings, StateDirectory state)
    {
        var version = typeof(RunCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
        logger.Started(version.Split('+')[0], settings.Options.Proxmox.Node, state.InstallationId, settings.File);
        foreach (var key in settings.Options.WithoutEffect)
        {
            logger.KeyWithoutEffect(key);
        }
    }
}

/// <summary>The answer where another process owns the state directory.</summary>
internal static class AlreadyOwned
{
    public static async Task<ExitCode> SayAsync(Settings settings)
    {
        await Console.Error.WriteLineAsync(
            $"perb: another perb works on {settings.Options.StateDirectory} (the service?); it ships by itself, see perb status");
        return ExitCode.TryLater;
    }
}
