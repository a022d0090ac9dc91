using System.Text.Json;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Verifying;
using Perb.Scheduler.Wishes;

namespace Perb.Scheduler.Cli;

/// <summary><c>perb verify</c>: checks all copies against the record now.</summary>
internal static class VerifyCommand
{
    public static async Task<ExitCode> RunAsync(
        string? configuration, bool asJson, string? remote, int? guest, bool isDownload, bool isApproved, CancellationToken cancellationToken)
    {
        var settings = Settings.LoadAsServiceUser(configuration);
        if (RemoteOption.FaultOf(remote, settings) is { } fault)
        {
            return await Screen.SayAsync(ExitCode.Usage, fault);
        }

        var wish = new Wish(WishKind.Verify)
        {
            Remotes = remote is null ? [] : [remote], Guests = guest is { } id ? [id] : [], Download = isDownload, Yes = isApproved,
        };
        return await WishCommand.RunAsync(settings, asJson, wish, cancellationToken);
    }

    /// <summary>Prints what was found; what is wrong is said as a fault, too.</summary>
    public static void Print(string document, bool asJson)
    {
        if (asJson)
        {
            Console.Out.WriteLine(document);
            return;
        }

        var found = JsonSerializer.Deserialize(document, VerifyJson.Default.IReadOnlyListVerifyDocument)!;
        Console.Out.WriteLine(
            $"{found.Count} backup(s), {found.Sum(one => one.Checked)} volume(s) proven, {found.Count(one => one.Text is not null)} broken");
    }
}
