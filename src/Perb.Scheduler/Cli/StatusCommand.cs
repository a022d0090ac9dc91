using System.CommandLine;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Store;
using Spectre.Console;

namespace Perb.Scheduler.Cli;

/// <summary><c>perb status</c>: one screen, from the store alone; works whether the service runs or not.</summary>
internal static class StatusCommand
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(1);

    public static Command Of(Option<string?> config, Option<bool> json)
    {
        var watch = new Option<bool>("--watch") { Description = "again and again, until Ctrl-C; of the guests only those that are not safe" };
        var status = new Command("status", "one screen: service, guests against their RPO, queue, last failures") { watch };
        status.Validators.Add(result =>
        {
            if (result.GetValue(watch) && result.GetValue(json))
            {
                result.AddError("--watch is for people and --json for programs: say one of them.");
            }
        });
        status.SetAction((result, token) => CommandLine.Code(RunAsync(result.GetValue(config), result.GetValue(json), result.GetValue(watch), token)));
        return status;
    }

    private static async Task<ExitCode> RunAsync(string? configuration, bool asJson, bool isWatched, CancellationToken cancellationToken)
    {
        if (isWatched && Console.IsOutputRedirected)
        {
            return await Screen.SayAsync(ExitCode.Usage, "--watch needs a terminal; perb status alone prints once");
        }

        var settings = Settings.LoadAsServiceUser(configuration);
        var database = await Database.OpenForReadingAsync(settings.Options.StorePath, cancellationToken);
        var report = new StatusReport(
            new StatusStore(database, TimeProvider.System), new UploadStore(database, TimeProvider.System), settings.Options, TimeProvider.System);
        if (isWatched)
        {
            return await WatchAsync(report, settings.Options.TimeZone, cancellationToken);
        }

        var document = await report.ReadAsync(cancellationToken);
        if (asJson)
        {
            Screen.WriteJson(document, DocumentsJson.Default.StatusDocument);
        }
        else
        {
            var screen = Screen.Open();
            screen.Write(StatusScreen.Of(document, settings.Options.TimeZone, screen.Profile.Width));
            screen.WriteLine();
        }

        return ExitCode.Ok;
    }

    // Ctrl-C is how it ends, and no failure. What does not fit is left out at the bottom: what is wrong stands at the top.
    private static async Task<ExitCode> WatchAsync(StatusReport report, TimeZoneInfo zone, CancellationToken cancellationToken)
    {
        var screen = Screen.Open();
        try
        {
            await screen.Live(new Text("")).Overflow(VerticalOverflow.Ellipsis).Cropping(VerticalOverflowCropping.Bottom).StartAsync(async live =>
            {
                while (true)
                {
                    live.UpdateTarget(StatusScreen.Of(await report.ReadAsync(cancellationToken), zone, screen.Profile.Width, onlyWrong: true));
                    await Task.Delay(BetweenLooks, TimeProvider.System, cancellationToken);
                }
            });
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }

        return ExitCode.Ok;
    }
}
