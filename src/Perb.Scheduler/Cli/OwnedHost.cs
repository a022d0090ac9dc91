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
    public static Task<ExitCode> UseAsync(
        string? configuration,
        LogTarget logTarget,
        bool nodeMustAnswer,
        Func<IHost, Task<ExitCode>> work,
        CancellationToken cancellationToken)
    {
        var settings = Settings.LoadAsServiceUser(configuration);
        return UseAsync(settings, logTarget, nodeMustAnswer, work, () => SayTakenAsync(settings), cancellationToken);
    }

    /// <param name="settings">As they were read.</param>
    /// <param name="logTarget">Where the log goes.</param>
    /// <param name="nodeMustAnswer">Nothing can be done without the node.</param>
    /// <param name="work">With the lock held.</param>
    /// <param name="otherwise">Another process owns the state directory.</param>
    /// <param name="cancellationToken">Stops the opening.</param>
    /// <exception cref="ConfigurationException">Something that only a person can mend.</exception>
    public static async Task<ExitCode> UseAsync(
        Settings settings,
        LogTarget logTarget,
        bool nodeMustAnswer,
        Func<IHost, Task<ExitCode>> work,
        Func<Task<ExitCode>> otherwise,
        CancellationToken cancellationToken)
    {
        using var state = await StateDirectory.TryOwnAsync(settings.Options, TimeProvider.System, cancellationToken);
        if (state is null)
        {
            return await otherwise();
        }

        using var host = await PerbHost.BuildAsync(settings, state, logTarget, cancellationToken);
        SayHello(host.Services.GetRequiredService<ILogger<StateDirectory>>(), settings, state);
        await host.Services.GetRequiredService<Preflight>().RunAsync(nodeMustAnswer, cancellationToken);
        await host.Services.GetRequiredService<TakeOver>().RunAsync(cancellationToken);
        return await work(host);
    }

    private static async Task<ExitCode> SayTakenAsync(Settings settings)
    {
        await Console.Error.WriteLineAsync(
            $"perb: another perb works on {settings.Options.StateDirectory} (the service?); it ships by itself, see perb status");
        return ExitCode.TryLater;
    }

    private static void SayHello(ILogger logger, Settings settings, StateDirectory state)
    {
        var version = typeof(OwnedHost).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
        logger.Started(version.Split('+')[0], settings.Options.Proxmox.Node, state.InstallationId, settings.File);
    }
}
