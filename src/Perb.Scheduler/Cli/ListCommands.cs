using System.CommandLine;
using Perb.Scheduler.Remotes;

namespace Perb.Scheduler.Cli;

/// <summary>The words of <c>perb list</c>, of the store or of the remotes alone.</summary>
internal static class ListCommands
{
    public static Command List(Option<string?> config, Option<bool> json, Option<string?> remote, Option<int?> guest)
    {
        var remoteOnly = new Option<bool>("--remote-only")
        {
            Description = "what lies on the remotes, without the store; --remote may be any rclone path then",
        };
        var (rcloneConfig, signers) = (RestoreCommands.RcloneConfig(), RestoreCommands.Signers());
        var list = new Command("list", "backups and where they are") { remote, guest, remoteOnly, rcloneConfig, signers };
        list.Validators.Add(result =>
        {
            if (!result.GetValue(remoteOnly) && (result.GetValue(rcloneConfig) is not null || result.GetValue(signers) is { Length: > 0 }))
            {
                result.AddError("--rclone-config and --signer belong to --remote-only.");
            }
        });
        list.SetAction((result, token) => CommandLine.Code(result.GetValue(remoteOnly)
            ? RemoteListCommand.RunAsync(
                new AccessOrder(
                    result.GetValue(config),
                    result.GetValue(remote),
                    result.GetValue(rcloneConfig),
                    result.GetValue(signers) ?? [],
                    AllowUnsigned: false),
                result.GetValue(json),
                result.GetValue(guest),
                token)
            : ListCommand.RunAsync(result.GetValue(config), result.GetValue(json), result.GetValue(remote), result.GetValue(guest), token)));
        return list;
    }
}
