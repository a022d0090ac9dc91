using System.CommandLine;
using Perb.Simulation.Guests;
using Perb.Simulation.Storage;
using Perb.Simulation.Vzdump;

namespace Perb.Simulation.Control;

/// <summary>The commands of <c>perb-simulated-node</c>. All but <c>serve</c> go to the process that serves the directory.</summary>
internal static class CommandLine
{
    public static RootCommand Build() => new("A simulated Proxmox VE node: real HTTPS API, real archives.")
    {
        ServeCommand.Build(),
        new Command("storage", "The node's storages.") { StorageAdd(), StorageSet() },
        new Command("guest", "The node's guests.") { GuestAdd() },
        new Command("token", "API tokens.") { TokenAdd(), TokenRotate() },
        new Command("certificate", "The node's certificate.") { CertificateRenew() },
        FailGuest(),
        LockGuest(),
        Vzdump(),
    };

    public static Option<string> Directory() =>
        new("--directory") { Description = "The node's directory.", Required = true };

    /// <summary>Adds an option and hands it back, so that a command reads top to bottom.</summary>
    public static Option<T> With<T>(this Command command, Option<T> option)
    {
        command.Options.Add(option);
        return option;
    }

    private static Command StorageAdd()
    {
        var command = new Command("add", "Add a storage, or replace the one of the same id.");
        var directory = command.With(Directory());
        var id = command.With(new Option<string>("--id") { Required = true });
        var type = command.With(new Option<string>("--type") { DefaultValueFactory = _ => "dir" });
        var path = command.With(new Option<string?>("--path") { Description = "A real directory; archives go to its dump folder." });
        var content = command.With(new Option<string>("--content") { DefaultValueFactory = _ => "backup" });
        var contentDirs = command.With(new Option<string?>("--content-dirs") { Description = "For example backup=custom/dir." });
        var prune = command.With(new Option<string?>("--prune") { Description = "For example keep-last=3." });
        var shared = command.With(new Option<bool>("--shared"));
        var mountpoint = command.With(new Option<bool>("--is-mountpoint"));
        var nodes = command.With(new Option<string?>("--nodes") { Description = "Comma list; none means all." });
        command.SetAction((parsed, token) => SendAsync(parsed.GetValue(directory)!, "/storage", new StorageDefinition(parsed.GetValue(id)!)
        {
            Type = parsed.GetValue(type)!,
            Path = parsed.GetValue(path) is { } given ? Path.GetFullPath(given) : null,
            Content = parsed.GetValue(content)!,
            ContentDirs = parsed.GetValue(contentDirs),
            PruneBackups = parsed.GetValue(prune),
            Shared = parsed.GetValue(shared),
            IsMountpoint = parsed.GetValue(mountpoint),
            Nodes = parsed.GetValue(nodes)?.Split(',') ?? [],
        }, token));
        return command;
    }

    private static Command StorageSet()
    {
        var command = new Command("set", "Mount or unmount, enable or disable a storage.");
        var directory = command.With(Directory());
        var id = command.With(new Option<string>("--id") { Required = true });
        var mounted = command.With(new Option<bool?>("--mounted"));
        var disabled = command.With(new Option<bool?>("--disabled"));
        command.SetAction((parsed, token) => SendAsync(
            parsed.GetValue(directory)!, "/storage/state",
            new StorageState(parsed.GetValue(id)!, parsed.GetValue(mounted), parsed.GetValue(disabled)), token));
        return command;
    }

    private static Command GuestAdd()
    {
        var command = new Command("add", "Add a guest: a container with a root directory, or a VM with a disk image.");
        var directory = command.With(Directory());
        var vmid = command.With(new Option<int>("--vmid") { Required = true });
        var type = command.With(new Option<GuestType>("--type") { Required = true });
        var name = command.With(new Option<string>("--name") { Required = true });
        var root = command.With(new Option<string?>("--root") { Description = "Of a container." });
        var disk = command.With(new Option<string?>("--disk") { Description = "Of a VM." });
        var stopped = command.With(new Option<bool>("--stopped"));
        var tags = command.With(new Option<string?>("--tags") { Description = "Comma list." });
        var pool = command.With(new Option<string?>("--pool"));
        command.Validators.Add(parsed =>
        {
            var wanted = parsed.GetValue(type) == GuestType.Lxc ? root : disk;
            if (parsed.GetValue(wanted) is null)
            {
                parsed.AddError($"A guest of this type needs {wanted.Name}.");
            }
        });
        command.SetAction((parsed, token) => SendAsync(
            parsed.GetValue(directory)!,
            "/guest",
            new Guest(
                parsed.GetValue(vmid), parsed.GetValue(type), parsed.GetValue(name)!,
                Path.GetFullPath(parsed.GetValue(parsed.GetValue(type) == GuestType.Lxc ? root : disk)!))
            {
                Running = !parsed.GetValue(stopped),
                Tags = parsed.GetValue(tags)?.Split(',') ?? [],
                Pool = parsed.GetValue(pool),
            },
            token));
        return command;
    }

    private static Command TokenAdd()
    {
        var command = new Command("add", "Create a privilege-separated token with its user; prints the secret alone.");
        var directory = command.With(Directory());
        var id = command.With(new Option<string>("--id") { Required = true, Description = "user@realm!name" });
        var privileges = command.With(new Option<string>("--privileges") { Required = true, Description = "Separated by blanks or commas." });
        var path = command.With(new Option<string>("--path") { DefaultValueFactory = _ => "/" });
        command.SetAction((parsed, token) => SendAsync(
            parsed.GetValue(directory)!,
            "/token",
            new TokenRequest(
                parsed.GetValue(id)!, parsed.GetValue(privileges)!.Split([' ', ','], StringSplitOptions.RemoveEmptyEntries), parsed.GetValue(path)!),
            token));
        return command;
    }

    private static Command TokenRotate()
    {
        var command = new Command("rotate", "Give a token a new secret; prints it alone.");
        var directory = command.With(Directory());
        var id = command.With(new Option<string>("--id") { Required = true });
        command.SetAction((parsed, token) => SendAsync(
            parsed.GetValue(directory)!, "/token/rotate", new TokenRequest(parsed.GetValue(id)!, [], "/"), token));
        return command;
    }

    private static Command CertificateRenew()
    {
        var command = new Command("renew", "Serve a new leaf of the same CA from now on.");
        var directory = command.With(Directory());
        command.SetAction((parsed, token) => SendAsync(parsed.GetValue(directory)!, "/certificate/renew", new object(), token));
        return command;
    }

    private static Command FailGuest()
    {
        var command = new Command("fail-guest", "Make a guest's backups fail while the archive is written.");
        var directory = command.With(Directory());
        var vmid = command.With(new Option<int>("--vmid") { Required = true });
        var text = command.With(new Option<string>("--with")
        {
            Description = "The error text; empty ends it.",
            DefaultValueFactory = _ => "job failed with err -5 - Input/output error",
        });
        command.SetAction((parsed, token) => SendAsync(
            parsed.GetValue(directory)!, "/guest/state", new GuestState(parsed.GetValue(vmid), null, parsed.GetValue(text), null), token));
        return command;
    }

    private static Command LockGuest()
    {
        var command = new Command("lock", "Lock a guest's configuration, as a crashed backup leaves it.");
        var directory = command.With(Directory());
        var vmid = command.With(new Option<int>("--vmid") { Required = true });
        var by = command.With(new Option<string>("--by") { Description = "Empty unlocks.", DefaultValueFactory = _ => "backup" });
        command.SetAction((parsed, token) => SendAsync(
            parsed.GetValue(directory)!, "/guest/state", new GuestState(parsed.GetValue(vmid), parsed.GetValue(by), null, null), token));
        return command;
    }

    private static Command Vzdump()
    {
        var command = new Command("vzdump", "Back up guests; prints the task log as it grows. 0 only for TASK OK.");
        var directory = command.With(Directory());
        var storage = command.With(new Option<string>("--storage") { DefaultValueFactory = _ => "local" });
        var mode = command.With(new Option<string>("--mode") { DefaultValueFactory = _ => "snapshot" });
        var compress = command.With(new Option<string>("--compress") { DefaultValueFactory = _ => "zstd" });
        var notes = command.With(new Option<string?>("--notes-template"));
        var prune = command.With(new Option<string?>("--prune-backups"));
        var isProtected = command.With(new Option<bool>("--protected"));
        var script = command.With(new Option<string?>("--script") { Description = "A hook script for this run." });
        var all = command.With(new Option<bool>("--all"));
        var vmids = new Argument<int[]>("vmid") { Arity = ArgumentArity.ZeroOrMore };
        command.Arguments.Add(vmids);
        command.SetAction((parsed, token) => AnswerAsync(parsed.GetValue(directory)!, async client =>
        {
            var run = new BackupRun
            {
                Storage = parsed.GetValue(storage)!,
                Mode = parsed.GetValue(mode)!,
                Compress = parsed.GetValue(compress)!,
                NotesTemplate = parsed.GetValue(notes),
                PruneBackups = parsed.GetValue(prune),
                Protected = parsed.GetValue(isProtected),
                HookScript = parsed.GetValue(script),
                All = parsed.GetValue(all),
                Guests = parsed.GetValue(vmids) ?? [],
            };
            var last = await client.FollowAsync("/vzdump", run, Console.Out, token);
            return last == "TASK OK" ? 0 : 1;
        }));
        return command;
    }

    private static Task<int> SendAsync<T>(string directory, string path, T body, CancellationToken cancellationToken) =>
        AnswerAsync(directory, async client =>
        {
            var answer = await client.SendAsync(path, body, cancellationToken);
            if (answer.Length > 0)
            {
                await Console.Out.WriteLineAsync(answer);
            }

            return 0;
        });

    private static async Task<int> AnswerAsync(string directory, Func<ControlClient, Task<int>> command)
    {
        using var client = new ControlClient(directory);
        try
        {
            return await command(client);
        }
        catch (ControlException refusal)
        {
            await Console.Error.WriteLineAsync(refusal.Message);
        }
        catch (HttpRequestException)
        {
            await Console.Error.WriteLineAsync(
                $"No node serves {directory}. Start one: perb-simulated-node serve --directory {directory}");
        }

        return 1;
    }
}
