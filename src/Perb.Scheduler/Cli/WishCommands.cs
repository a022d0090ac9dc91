using System.CommandLine;
using Perb.Scheduler.Wishes;

namespace Perb.Scheduler.Cli;

/// <summary>The words of the commands by which a person decides about single backups.</summary>
internal static class WishCommands
{
    public static Command Ship(Option<string?> config, Option<bool> json, Option<string?> remote)
    {
        var named = new Argument<string[]>("PATH|GUEST")
        {
            Arity = ArgumentArity.OneOrMore,
            Description = "an archive under the name that vzdump gave it, or a guest's number; a file that is called like a number is ./100",
        };
        var ship = new Command(
            "ship", "ships archives now, whatever the rules say: any file on this machine, or the newest archive of a guest") { named, remote };
        ship.SetAction((result, token) => CommandLine.Code(ShipCommand.RunAsync(
            result.GetValue(config), result.GetValue(json), result.GetValue(named)!, result.GetValue(remote), token)));
        return ship;
    }

    public static Command Skip(Option<string?> config, Option<bool> json)
    {
        var ids = Ids(ArgumentArity.OneOrMore);
        var skip = new Command("skip", "drops backups that are not published: they are not shipped until perb retry or perb ship") { ids };
        skip.SetAction((result, token) => CommandLine.Code(WishCommand.RunAsync(
            result.GetValue(config), result.GetValue(json), new Wish(WishKind.Skip) { Backups = result.GetValue(ids)! }, token)));
        return skip;
    }

    public static Command Retry(Option<string?> config, Option<bool> json)
    {
        var ids = Ids(ArgumentArity.ZeroOrMore);
        var all = new Option<bool>("--all") { Description = "all that failed or wait after a failure, not those that were skipped" };
        var retry = new Command("retry", "tries failed, skipped or waiting backups again, now") { ids, all };
        retry.Validators.Add(result =>
        {
            if (result.GetResult(ids) is { Tokens.Count: > 0 } == result.GetValue(all)) // not their value: there is none where one is no number
            {
                result.AddError("retry needs either ids or --all.");
            }
        });
        retry.SetAction((result, token) => CommandLine.Code(WishCommand.RunAsync(
            result.GetValue(config),
            result.GetValue(json),
            new Wish(WishKind.Retry) { Backups = result.GetValue(ids) ?? [], All = result.GetValue(all) },
            token)));
        return retry;
    }

    private static Argument<long[]> Ids(ArgumentArity arity) => new("ID")
    {
        Arity = arity,
        Description = "as perb list shows it",
        CustomParser = result => NumberWord.All<long>(result, NumberWord.Backup),
    };
}
