using System.CommandLine;
using Perb.Scheduler.Remotes;

namespace Perb.Scheduler.Cli;

/// <summary>The words of the commands that only look.</summary>
internal static class LookCommands
{
    public static Command List(Option<string?> config, Option<bool> json, Option<string?> remote, Option<int?> guest)
    {
        var remoteOnly = new Option<bool>("--remote-only") { Description = "what lies on the remotes, without the store; --remote may be any rclone path then" };
        var (rcloneConfig, signers) = (RestoreCommands.RcloneConfig(), RestoreCommands.Signers());
        var list = new Command("list", "backups and where they are") { remote, guest, remoteOnly, rcloneConfig, signers };
        list.SetAction((result, token) => CommandLine.Code(result.GetValue(remoteOnly)
            ? RemoteListCommand.RunAsync(
                new AccessOrder(
                    result.GetValue(config), result.GetValue(remote), result.GetValue(rcloneConfig), result.GetValue(signers) ?? [], AllowUnsigned: false),
                result.GetValue(json),
                result.GetValue(guest),
                token)
            : ListCommand.RunAsync(result.GetValue(config), result.GetValue(json), result.GetValue(remote), result.GetValue(guest), token)));
        return list;
    }

    public static Command Show(Option<string?> config, Option<bool> json)
    {
        var id = new Argument<long>("ID") { Description = "as list shows it", CustomParser = result => NumberWord.One<long>(result, NumberWord.Backup) };
        var show = new Command("show", "one backup: its facts, volumes and history") { id };
        show.SetAction((result, token) => CommandLine.Code(ShowCommand.RunAsync(result.GetValue(config), result.GetValue(json), result.GetValue(id), token)));
        return show;
    }
}
