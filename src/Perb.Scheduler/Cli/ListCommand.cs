using System.Globalization;
using Perb.Scheduler.Backups;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Store;
using Spectre.Console;

namespace Perb.Scheduler.Cli;

/// <summary><c>perb list</c>: every backup the store knows.</summary>
internal static class ListCommand
{
    public static async Task<ExitCode> RunAsync(
        string? configuration, bool asJson, string? remote, int? guest, CancellationToken cancellationToken)
    {
        var settings = Settings.LoadAsServiceUser(configuration);
        if (RemoteOption.FaultOf(remote, settings) is { } fault)
        {
            return await Screen.SayAsync(ExitCode.Usage, fault);
        }

        var database = await Database.OpenForReadingAsync(settings.Options.StorePath, cancellationToken);
        var backups = await new StatusStore(database, TimeProvider.System).ListAsync(remote, guest, cancellationToken);
        if (asJson)
        {
            Screen.WriteJson(backups.Select(BackupDocument.Of), DocumentsJson.Default.IEnumerableBackupDocument);
        }
        else
        {
            Print(backups, settings.Options.TimeZone);
        }

        return ExitCode.Ok;
    }

    private static void Print(IReadOnlyList<Backup> backups, TimeZoneInfo zone)
    {
        var table = Screen.Table("Id", "Guest", "Archive of", "Storage", "Remote", "State", "Verified", "Size", "Next attempt");
        foreach (var backup in backups)
        {
            table.AddRow(Screen.Cells(
                backup.Id.ToString(CultureInfo.InvariantCulture),
                $"{backup.GuestType}/{backup.Guest}",
                Screen.Time(backup.ArchiveTime, zone),
                backup.Storage ?? "-",
                backup.Remote,
                backup.State.Word(),
                backup.VerifiedHow ?? "-",
                ByteSize.Format(backup.SizeBytes),
                Next(backup, zone)));
        }

        Screen.Open().Write(table);
    }

    // After a failure at a time; else as soon as its remote takes it.
    private static string Next(Backup backup, TimeZoneInfo zone) => backup switch
    {
        { State: not (BackupState.Discovered or BackupState.Verified) } => "-",
        { NextAttemptAt: { } next } => Screen.Time(next, zone),
        _ => "waits",
    };
}
