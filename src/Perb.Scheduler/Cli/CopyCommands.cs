using System.CommandLine;
using Perb.Scheduler.Wishes;

namespace Perb.Scheduler.Cli;

/// <summary>The words of the commands about what lies on remotes.</summary>
internal static class CopyCommands
{
    public static Command Prune(Option<string?> config, Option<bool> json, Option<string?> remote, Option<int?> guest)
    {
        var dryRun = new Option<bool>("--dry-run") { Description = "only show what would be removed, and why the rest stays" };
        var yes = new Option<bool>("--yes") { Description = "also where it removes more than half of a remote" };
        var prune = new Command("prune", "removes from remotes what their Retention does not need any more") { remote, guest, dryRun, yes };
        prune.SetAction((result, token) => CommandLine.Code(PruneCommand.RunAsync(
            result.GetValue(config),
            result.GetValue(json),
            result.GetValue(remote),
            result.GetValue(guest),
            result.GetValue(dryRun),
            result.GetValue(yes),
            token)));
        return prune;
    }

    public static Command Verify(Option<string?> config, Option<bool> json, Option<string?> remote, Option<int?> guest)
    {
        var download = new Option<bool>("--download") { Description = "by content: everything is downloaded and hashed" };
        var yes = new Option<bool>("--yes") { Description = "also where more than half of a remote is not there" };
        var verify = new Command("verify", "checks what lies on remotes against the record; what is broken is shipped again if the archive is there")
        {
            remote, guest, download, yes,
        };
        verify.SetAction((result, token) => CommandLine.Code(VerifyCommand.RunAsync(
            result.GetValue(config),
            result.GetValue(json),
            result.GetValue(remote),
            result.GetValue(guest),
            result.GetValue(download),
            result.GetValue(yes),
            token)));
        return verify;
    }

    public static Command Retire(Option<string?> config, Option<bool> json)
    {
        var guest = Guest();
        var undo = new Option<bool>("--undo") { Description = "judged by the rules again" };
        var retire = new Command("retire", "keeps all copies of a guest for ever, and never alarms about it") { guest, undo };
        retire.SetAction((result, token) => CommandLine.Code(WishCommand.RunAsync(
            result.GetValue(config),
            result.GetValue(json),
            new Wish(WishKind.Retire) { Guests = [result.GetValue(guest)], Undo = result.GetValue(undo) },
            token)));
        return retire;
    }

    public static Command Forget(Option<string?> config, Option<bool> json)
    {
        var guest = Guest();
        var yes = new Option<bool>("--yes") { Description = "really" };
        var forget = new Command("forget", "DELETES all copies of a guest on all remotes") { guest, yes };
        forget.Validators.Add(result =>
        {
            if (!result.GetValue(yes))
            {
                result.AddError("forget deletes every copy of the guest, for ever: say --yes if that is meant.");
            }
        });
        forget.SetAction((result, token) => CommandLine.Code(WishCommand.RunAsync(
            result.GetValue(config), result.GetValue(json), new Wish(WishKind.Forget) { Guests = [result.GetValue(guest)] }, token)));
        return forget;
    }

    private static Argument<int> Guest() => new("GUEST")
    {
        Description = "the guest's number",
        CustomParser = result => NumberWord.One<int>(result, NumberWord.Guest),
    };
}
