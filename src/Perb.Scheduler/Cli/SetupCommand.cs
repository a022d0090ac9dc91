using System.CommandLine;
using System.Diagnostics;
using Perb.Scheduler.Setup;

namespace Perb.Scheduler.Cli;

/// <summary>
/// <c>perb setup</c>: a few questions on a node, as root, or none with <c>--yes</c>; ends with the recovery sheet and <c>perb doctor</c>. Running
/// it again keeps what it does not ask for.
/// </summary>
internal static class SetupCommand
{
    public static Command Of(Option<string?> config, Option<bool> json)
    {
        var yes = new Option<bool>("--yes") { Description = "asks nothing: what is not said has its default" };
        var node = new Option<string?>("--node") { Description = "this node's name in Proxmox", HelpName = "NAME" };
        var url = new Option<string?>("--url") { Description = "of the node's API (default: https://127.0.0.1:8006)", HelpName = "URL" };
        var tokenId = new Option<string?>("--token-id") { Description = "default: perb@pve!NODE", HelpName = "USER@REALM!NAME" };
        var secret = new Option<string?>("--token-secret-file") { Description = "the secret of a token that is there; else pveum makes one", HelpName = "FILE" };
        var recipients = Many("--recipient", "public key that backups are encrypted to", "FILE");
        var fingerprints = Many("--fingerprint", "of such a key: you have compared it", "FINGERPRINT");
        var remotes = Many("--remote", "such as gdrive=gdrive:perb/pve1", "NAME=PATH");
        var rclone = new Option<string?>("--rclone-config") { Description = "is copied to where the service has its own", HelpName = "FILE" };
        var storages = Many("--storage", "ship from these alone", "ID");
        var sign = new Option<bool?>("--sign") { Description = "make a key of this node and sign what is shipped", Arity = ArgumentArity.ZeroOrOne };
        var hook = new Option<bool?>("--hook") { Description = "put the hook into /etc/vzdump.conf; a script that is there is chained", Arity = ArgumentArity.ZeroOrOne };
        var wait = new Option<bool>("--wait") { Description = "with the hook: vzdump's task waits until its archives are offsite" };
        var mailTo = new Option<string?>("--mail-to") { Description = "who is told when a guest is not safe, by the node's own mail server", HelpName = "ADDRESS" };
        var page = new Option<bool?>("--page") { Description = $"serve a status page and metrics to this node alone, at {SetupPlan.PageAddress}", Arity = ArgumentArity.ZeroOrOne };
        var user = new Option<string>("--user") { Description = "of the service", DefaultValueFactory = _ => "perb", HelpName = "NAME" };
        var start = new Option<bool?>("--start") { Description = "enable and start the service, where doctor finds nothing to mend", Arity = ArgumentArity.ZeroOrOne };
        var noDoctor = new Option<bool>("--no-doctor") { Description = "do not end with perb doctor" };
        var removeHook = new Option<bool>("--remove-hook") { Description = "only take the hook out of /etc/vzdump.conf; a chained script comes back" };
        var setup = new Command("setup", "the first configuration of a node, or a change of it; as root, asks what it needs to know")
        {
            yes, node, url, tokenId, secret, recipients, fingerprints, remotes, rclone, storages, sign, hook, wait, mailTo, page, user, start, noDoctor, removeHook,
        };
        setup.SetAction((result, token) => CommandLine.Code(result.GetValue(config) is not null
            ? Screen.SayAsync(ExitCode.Usage, $"setup writes {NodeFiles.Here().Configuration} and no other configuration: leave --config out")
            : result.GetValue(removeHook) ? GuardedAsync(() => RemoveHookAsync(token))
            : GuardedAsync(() => RunAsync(
                new SetupOrder
                {
                    IsUnattended = result.GetValue(yes),
                    Node = result.GetValue(node),
                    Url = result.GetValue(url),
                    TokenId = result.GetValue(tokenId),
                    TokenSecretFile = result.GetValue(secret),
                    Recipients = result.GetValue(recipients) ?? [],
                    Fingerprints = result.GetValue(fingerprints) ?? [],
                    Remotes = result.GetValue(remotes) ?? [],
                    RcloneConfig = result.GetValue(rclone),
                    Storages = result.GetValue(storages) ?? [],
                    Sign = result.GetValue(sign),
                    Hook = result.GetValue(hook),
                    Wait = result.GetValue(wait),
                    MailTo = result.GetValue(mailTo),
                    Page = result.GetValue(page),
                    User = result.GetValue(user)!,
                    Start = result.GetValue(start),
                },
                endsWithDoctor: !result.GetValue(noDoctor),
                result.GetValue(json),
                token))));
        return setup;
    }

    /// <summary>As sd_booted(3) tells it.</summary>
    private const string SystemdRuns = "/run/systemd/system";

    private static Option<string[]> Many(string name, string description, string word) =>
        new(name) { Description = $"{description} (repeatable)", HelpName = word };

    private static async Task<ExitCode> RunAsync(SetupOrder order, bool endsWithDoctor, bool asJson, CancellationToken cancellationToken)
    {
        RequireRoot();
        var (files, grant, time) = (NodeFiles.Here(), new GrantToken(new Pveum("pveum")), TimeProvider.System);
        var questions = new Questions(Console.In, asJson ? Console.Error : Console.Out, order.IsUnattended, cancellationToken);
        var plan = await new AskSetup(order, questions, grant, files, time).RunAsync(cancellationToken);
        await new CarryOutSetup(files, grant, time, questions.Say).RunAsync(plan, cancellationToken);
        if (!asJson)
        {
            questions.Say();
            await PerbAsync(files, ["recovery-sheet"], cancellationToken);
            questions.Say();
        }

        if (Directory.Exists(SystemdRuns))
        {
            await RunAsync("systemctl", ["daemon-reload"], cancellationToken); // doctor looks at what the unit may write now
        }

        var code = endsWithDoctor ? await PerbAsync(files, asJson ? ["doctor", "--json"] : ["doctor"], cancellationToken) : (int)ExitCode.Ok;
        if (code != (int)ExitCode.Ok)
        {
            questions.Say("Mend what is marked, then: perb doctor; systemctl enable perb; systemctl restart perb");
            return (ExitCode)code;
        }

        questions.Say("Print the sheet above (perb recovery-sheet), and keep it with the private key.");
        return await StartAsync(order, questions, cancellationToken);
    }

    private static async Task<ExitCode> StartAsync(SetupOrder order, Questions questions, CancellationToken cancellationToken)
    {
        var starts = order.Start ?? (Directory.Exists(SystemdRuns) && questions.YesNo("Start the service now, and at every boot", !order.IsUnattended, "--start"));
        if (!starts)
        {
            questions.Say("Next: systemctl enable --now perb; perb status");
            return ExitCode.Ok;
        }

        // A restart and not a start: one that runs reads its configuration at its start alone.
        foreach (var line in (string[][])[["enable", "perb.service"], ["restart", "perb.service"]])
        {
            if (await RunAsync("systemctl", line, cancellationToken) != 0)
            {
                throw new SetupException($"systemctl {string.Join(' ', line)} failed: journalctl -u perb");
            }
        }

        questions.Say("The service runs: perb status");
        return ExitCode.Ok;
    }

    // A process of its own: it becomes the service's user, and this one has to stay root.
    private static Task<int> PerbAsync(NodeFiles files, string[] arguments, CancellationToken cancellationToken) =>
        RunAsync(Environment.ProcessPath!, ["--config", files.Configuration, .. arguments], cancellationToken);

    private static async Task<int> RunAsync(string program, string[] arguments, CancellationToken cancellationToken)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments))!;
        await process.WaitForExitAsync(cancellationToken);
        return process.ExitCode;
    }

    private static async Task<ExitCode> RemoveHookAsync(CancellationToken cancellationToken)
    {
        RequireRoot();
        foreach (var line in await new HookInstallation(NodeFiles.Here()).RemoveAsync(cancellationToken))
        {
            Console.Out.WriteLine(Screen.Line(line));
        }

        return ExitCode.Ok;
    }

    private static void RequireRoot()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            throw new SetupException("setup changes files of the node: run it as root");
        }
    }

    private static async Task<ExitCode> GuardedAsync(Func<Task<ExitCode>> work)
    {
        try
        {
            return await work();
        }
        catch (Exception exception) when (exception is SetupException or IOException or UnauthorizedAccessException)
        {
            return await Screen.SayAsync(ExitCode.Failed, exception.Message);
        }
    }
}
