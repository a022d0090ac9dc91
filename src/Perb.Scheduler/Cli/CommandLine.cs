using System.CommandLine;
using Perb.Transfer;

namespace Perb.Scheduler.Cli;

/// <summary><c>perb [--config FILE] [--json] COMMAND</c>: the words of the command line and where they lead.</summary>
internal static class CommandLine
{
    private const string ExitCodes = """

        Exit codes: 0 ok, 1 something failed, 2 usage, 3 done but some backups failed, 75 try later, 78 configuration.
        """;

    public static async Task<ExitCode> InvokeAsync(string[] arguments, CancellationToken cancellationToken)
    {
        var config = new Option<string?>("--config")
        {
            Description = "the configuration (else $PERB_CONFIG, else /etc/perb/appsettings.json)",
            HelpName = "FILE",
            Recursive = true,
        };
        var json = new Option<bool>("--json") { Description = "one JSON document on stdout, the log on stderr", Recursive = true };
        var remote = new Option<string?>("--remote") { Description = "only this remote", HelpName = "R" };
        var guest = new Option<int?>("--guest")
        {
            Description = "only this guest",
            HelpName = "ID",
            CustomParser = result => NumberWord.One<int>(result, NumberWord.Guest),
        };

        var run = new Command("run", "the service: discovers, seals, uploads, verifies, publishes, until it is stopped");
        run.SetAction((result, token) => Code(RunCommand.RunAsync(result.GetValue(config), result.GetValue(json), token)));

        var once = new Command("once", "one poll and reconcile, then ships everything that can be shipped, ignoring back-off");
        once.SetAction((result, token) => Code(OnceCommand.RunAsync(result.GetValue(config), token)));

        var task = new Option<string>("--task") { Description = "the vzdump worker, PID-START", Required = true };
        var spool = new Option<string>("--spool") { Description = "where the hook leaves its events", Required = true };
        var longest = new Option<string>("--max") { Description = "when to give up, such as 2h", Required = true };
        var wait = new Command("wait", "follows the archives of a vzdump task; run by the vzdump hook") { task, spool, longest };
        wait.SetAction((result, token) => Code(HookCommand.WaitAsync(
            result.GetValue(config), result.GetValue(task)!, result.GetValue(spool)!, result.GetValue(longest)!, token)));
        var hook = new Command("hook", "for the vzdump hook alone") { wait };
        hook.Hidden = true;

        var root = new RootCommand($"Ships every finished Proxmox VE backup offsite, encrypted and proven.{ExitCodes}")
        {
            run, once, StatusCommand.Of(config, json), ListCommands.List(config, json, remote, guest), ShowCommand.Of(config, json),
            WishCommands.Ship(config, json, remote), WishCommands.Skip(config, json), WishCommands.Retry(config, json),
            RestoreCommands.Restore(config, json), CopyCommands.Verify(config, json, remote, guest), CopyCommands.Prune(config, json, remote, guest),
            RebuildCommand.Of(config, json), CopyCommands.Retire(config, json), CopyCommands.Forget(config, json), RecoverySheetCommand.Of(config),
            NotifyCommand.Of(config, json), DoctorCommand.Of(config, json), SetupCommand.Of(config, json), hook,
        };
        root.Options.Add(config);
        root.Options.Add(json);

        var parsed = root.Parse(arguments);
        if (parsed.Errors.Count > 0)
        {
            // The last one is the most telling: a mistyped command is reported as missing first.
            await Console.Error.WriteLineAsync($"perb: {Printable.Clean(parsed.Errors[^1].Message)} (perb --help)");
            return ExitCode.Usage;
        }

        // Signals are ours (StopSignal): the library would kill the process after two seconds.
        return (ExitCode)await parsed.InvokeAsync(
            new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }, cancellationToken);
    }

    internal static async Task<int> Code(Task<ExitCode> command) => (int)await command;
}
