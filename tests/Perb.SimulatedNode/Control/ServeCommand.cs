using System.CommandLine;
using System.CommandLine.Parsing;

namespace Perb.Simulation.Control;

/// <summary><c>perb-simulated-node serve</c>: one line when it listens, a clean end on SIGTERM or Ctrl+C.</summary>
internal static class ServeCommand
{
    public static Command Build()
    {
        var command = new Command("serve", "Serve a node from a directory; a restart keeps everything.");
        var directory = command.With(CommandLine.Directory());
        var port = command.With(new Option<int>("--port") { Description = "0 takes any free port." });
        var node = command.With(new Option<string>("--node") { DefaultValueFactory = _ => "pve1" });
        var zone = command.With(new Option<TimeZoneInfo>("--time-zone")
        {
            Description = "IANA; this machine's without.",
            DefaultValueFactory = _ => TimeZoneInfo.Local,
            CustomParser = ParseZone,
        });
        var hook = command.With(new Option<string?>("--hook-script") { Description = "The script: line of vzdump.conf." });
        var conf = command.With(new Option<string?>("--vzdump-conf") { Description = "A vzdump.conf, read for its script: line whenever a task starts." });
        command.SetAction((parsed, cancellationToken) => RunAsync(
            new SimulatedNodeOptions
            {
                Directory = parsed.GetValue(directory)!,
                Port = parsed.GetValue(port),
                NodeName = parsed.GetValue(node)!,
                TimeZone = parsed.GetValue(zone)!,
                HookScript = parsed.GetValue(hook),
                VzdumpConf = parsed.GetValue(conf),
            },
            cancellationToken));
        return command;
    }

    // The machine's own zone is used as it is, not by its id: that is "Local" where /etc/localtime is a file of its own.
    private static TimeZoneInfo? ParseZone(ArgumentResult given)
    {
        if (TimeZoneInfo.TryFindSystemTimeZoneById(given.Tokens[0].Value, out var zone))
        {
            return zone;
        }

        given.AddError($"There is no time zone '{given.Tokens[0].Value}'.");
        return null;
    }

    private static async Task<int> RunAsync(SimulatedNodeOptions options, CancellationToken cancellationToken)
    {
        await using var node = await SimulatedNode.StartAsync(options, cancellationToken);
        await using var control = await ControlServer.StartAsync(node, cancellationToken);
        await Console.Out.WriteLineAsync($"listening on {node.Url.GetLeftPart(UriPartial.Authority)}");
        var stopped = new TaskCompletionSource();
        await using var registration = cancellationToken.Register(stopped.SetResult);
        await stopped.Task;
        return 0;
    }
}
