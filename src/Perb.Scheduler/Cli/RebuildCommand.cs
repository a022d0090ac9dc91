using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Rebuilding;

namespace Perb.Scheduler.Cli;

/// <summary><c>perb rebuild</c>: the store from what lies on the remotes.</summary>
internal static class RebuildCommand
{
    public static Command Of(Option<string?> config, Option<bool> json)
    {
        var adopt = new Option<bool>("--adopt") { Description = "take over remotes that another installation has marked; it is refused there from then on" };
        var rebuild = new Command("rebuild", "makes the store from what lies on the remotes; needs no private key") { adopt };
        rebuild.SetAction((result, token) => CommandLine.Code(
            RunAsync(result.GetValue(config), result.GetValue(json), result.GetValue(adopt), token)));
        return rebuild;
    }

    private static Task<ExitCode> RunAsync(string? configuration, bool asJson, bool isAdopted, CancellationToken cancellationToken) => OwnedHost.UseAsync(
        configuration, LogTarget.StandardError, nodeMustAnswer: false, host => RunAsync(host, asJson, isAdopted, cancellationToken), cancellationToken);

    private static async Task<ExitCode> RunAsync(IHost host, bool asJson, bool isAdopted, CancellationToken cancellationToken)
    {
        var rebuild = host.Services.GetRequiredService<RebuildFromRemote>();
        var found = new List<RebuildDocument>();
        foreach (var remote in host.Services.GetRequiredService<PerbOptions>().Remotes)
        {
            found.Add(await rebuild.RunAsync(remote, isAdopted, cancellationToken));
        }

        if (asJson)
        {
            Screen.WriteJson(found, RebuildJson.Default.IReadOnlyListRebuildDocument);
        }
        else
        {
            Print(found);
        }

        List<string> faults = [.. found.Where(one => one.Fault is not null).Select(one => $"{one.Remote}: {one.Fault}")];
        return faults.Count > 0 ? await Screen.SayAsync(ExitCode.Failed, faults) : ExitCode.Ok;
    }

    private static void Print(List<RebuildDocument> found)
    {
        foreach (var remote in found.Where(one => one.Fault is null))
        {
            Console.Out.WriteLine($"{remote.Remote}: {remote.Added} backup(s) added, {remote.Known} known, {remote.ForeignFiles} foreign file(s)");
            foreach (var difference in remote.Differences)
            {
                Console.Out.WriteLine(Screen.Line($"  {difference}"));
            }
        }

        if (found.Any(one => one.Added > 0))
        {
            Console.Out.WriteLine("What was added counts as a copy when perb verify has proven it.");
        }
    }
}
