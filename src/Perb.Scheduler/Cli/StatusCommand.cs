using System.Globalization;
using System.Text.Json;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Store;
using Perb.Transfer;
using Spectre.Console;

namespace Perb.Scheduler.Cli;

/// <summary><c>perb status</c>: one screen, from the store alone; works whether the service runs or not.</summary>
internal static class StatusCommand
{
    /// <summary>A host name's label has 63; a longer one would push the other columns off the screen.</summary>
    private const int LongestName = 63;

    public static async Task<ExitCode> RunAsync(string? configuration, bool asJson, CancellationToken cancellationToken)
    {
        var settings = Settings.LoadAsServiceUser(configuration);
        var database = await Database.OpenForReadingAsync(settings.Options.StorePath, cancellationToken);
        var report = await new StatusReport(
                new StatusStore(database, TimeProvider.System), new UploadStore(database, TimeProvider.System), settings.Options, TimeProvider.System)
            .ReadAsync(cancellationToken);
        if (asJson)
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(report, DocumentsJson.Default.StatusDocument));
        }
        else
        {
            Print(report, settings.Options.TimeZone);
        }

        return ExitCode.Ok;
    }

    private static void Print(StatusDocument report, TimeZoneInfo zone)
    {
        var screen = Screen.Open();
        screen.WriteLine($"Service: {(report.Service.Running ? "running" : "not running")}, last poll {Screen.Time(report.Service.LastPoll, zone)}, "
            + $"last reconcile {Screen.Time(report.Service.LastReconcile, zone)}");
        foreach (var trouble in report.Troubles)
        {
            screen.WriteLine(Screen.Line($"Trouble since {Screen.Time(trouble.Since, zone)}: {trouble.Subject}: {trouble.Text}"), new Style(Color.Red));
        }

        foreach (var held in report.HeldBack)
        {
            screen.WriteLine(Screen.Line($"Remote {held.Remote}: {held.Why}; nothing is sent before {Screen.Time(held.Until, zone)}"));
        }

        screen.WriteLine();
        var guests = Screen.Table("Guest", "Type", "Name", "Newest archive", "Newest verified copy", "RPO");
        foreach (var guest in report.Guests)
        {
            guests.AddRow(Screen.Cells(
                guest.Guest.ToString(CultureInfo.InvariantCulture),
                guest.GuestType,
                Printable.Clean(guest.Name ?? "-", LongestName),
                Screen.Time(guest.NewestArchive, zone),
                guest.NewestVerified is null ? "none" : $"{Screen.Time(guest.NewestVerified, zone)} ({guest.VerifiedHow})",
                RpoInWords(guest)));
        }

        screen.Write(guests);
        PrintQueue(screen, report);
        PrintFailures(screen, report, zone);
    }

    /// <summary>A guest is called gone only where that is known.</summary>
    internal static string RpoInWords(GuestDocument guest) => guest switch
    {
        { RpoMet: true } => "met",
        { RpoMet: false } => "MISSED",
        _ => guest.Verdict.Replace('-', ' '),
    };

    private static void PrintQueue(IAnsiConsole screen, StatusDocument report)
    {
        screen.WriteLine();
        screen.WriteLine(report.Queue.Count == 0 ? "Queue: empty" : $"Queue: {report.Queue.Count}");
        foreach (var entry in report.Queue)
        {
            var what = entry.Activity is { } now
                ? now.InWords()
                : entry.Backup.Failure is { } failure ? $"waits, attempt {entry.Backup.Attempt} failed: {failure}" : "waits";
            screen.WriteLine(Screen.Line($"  {entry.Backup.RemoteName} to {entry.Backup.Remote}: {what}"));
        }
    }

    private static void PrintFailures(IAnsiConsole screen, StatusDocument report, TimeZoneInfo zone)
    {
        if (report.Failures.Count == 0)
        {
            return;
        }

        screen.WriteLine();
        screen.WriteLine("Last failures:");
        foreach (var backup in report.Failures)
        {
            var next = backup.NextAttemptAt is null ? "" : $" (again at {Screen.Time(backup.NextAttemptAt, zone)})";
            screen.WriteLine(Screen.Line($"  {backup.Id} {backup.RemoteName} to {backup.Remote}, {backup.State}: {backup.Failure}{next}"));
        }
    }
}
