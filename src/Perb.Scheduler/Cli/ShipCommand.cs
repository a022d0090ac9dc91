using Perb.Scheduler.Configuration;

namespace Perb.Scheduler.Cli;

/// <summary><c>perb ship</c>: archives that a person names.</summary>
internal static class ShipCommand
{
    public static async Task<ExitCode> RunAsync(
        string? configuration, bool asJson, IReadOnlyList<string> arguments, string? remote, CancellationToken cancellationToken)
    {
        var settings = Settings.LoadAsServiceUser(configuration);
        if (RemoteOption.FaultOf(remote, settings) is { } fault)
        {
            return await Screen.SayAsync(ExitCode.Usage, fault);
        }

        var (wish, faults) = ShipArguments.Read(arguments, remote, Directory.GetCurrentDirectory());
        return faults.Count > 0
            ? await Screen.SayAsync(ExitCode.Usage, [.. faults])
            : await WishCommand.RunAsync(settings, asJson, wish, cancellationToken);
    }
}
