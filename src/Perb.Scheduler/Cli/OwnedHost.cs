using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Pipeline;

namespace Perb.Scheduler.Cli;

/// <summary>
/// How every command begins that works on the state directory instead of looking at it: settings, lock, parts, preflight, in this order.
/// </summary>
internal static class OwnedHost
{
    /// <summary>75 where another process owns the state directory.</summary>
    /// <exception cref="ConfigurationException">Something that only a person can mend.</exception>
    public static async Task<ExitCode> UseAsync(
        string? configuration,
        LogTarget logTarget,
        bool nodeMustAnswer,
        Func<IHost, Task<ExitCode>> work,
        CancellationToken cancellationToken)
    {
        var settings = Settings.Load(configuration);
        using var state = await StateDirectory.TryOwnAsync(settings.Options, TimeProvider.System, cancellationToken);
        if (state is null)
        {
            await Console.Error.WriteLineAsync(
                $"perb: another perb works on {settings.Options.StateDirectory} (the service?); it ships by itself, see perb status");
            return ExitCode.TryLater;
        }

        using var host = await PerbHost.BuildAsync(settings, state, logTarget, cancellationToken);
        SayHello(host.Services.GetRequiredService<ILogger<StateDirectory>>(), settings, state);
        await host.Services.GetRequiredService<Preflight>().RunAsync(nodeMustAnswer, cancellationToken);
        await host.Services.GetRequiredService<TakeOver>().RunAsync(cancellationToken);
        return await work(host);
    }

    private static void SayHello(ILogger logger, Settings settings, StateDirectory state)
    {
        var version = typeof(OwnedHost).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
        logger.Started(version.Split('+')[0], settings.Options.Proxmox.Node, state.InstallationId, settings.File);
        foreach (var key in settings.Options.WithoutEffect)
        {
            logger.KeyWithoutEffect(key);
        }
    }
}
