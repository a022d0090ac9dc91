using System.CommandLine;

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
        var zone = command.With(new Option<string>("--time-zone") { DefaultValueFactory = _ => TimeZoneInfo.Local.Id });
        var hook = command.With(new Option<string?>("--hook-script") { Description = "The script: line of vzdump.conf." });
        zone.Validators.Add(parsed =>
        {
            if (parsed.Tokens is [var given] && !TimeZoneInfo.TryFindSystemTimeZoneById(given.Value, out _))
            {
                parsed.AddError($"There is no time zone '{given.Value}'.");
            }
        });
        command.SetAction((parsed, cancellationToken) => RunAsync(
            new SimulatedNodeOptions
            {
                Directory = parsed.GetValue(directory)!,
                Port = parsed.GetValue(port),
                NodeName = parsed.GetValue(node)!,
                TimeZone = TimeZoneInfo.FindSystemTimeZoneById(parsed.GetValue(zone)!),
                HookScript = parsed.GetValue(hook),
            },
            cancellationToken));
        return command;
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
