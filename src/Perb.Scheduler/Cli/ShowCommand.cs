using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Perb.Scheduler.Backups;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Store;
using Spectre.Console;

namespace Perb.Scheduler.Cli;

/// <summary><c>perb show ID</c>: everything that is recorded of one backup, from the store alone.</summary>
internal static class ShowCommand
{
    public static Command Of(Option<string?> config, Option<bool> json)
    {
        var id = new Argument<long>("ID") { Description = "as list shows it", CustomParser = result => NumberWord.One<long>(result, NumberWord.Backup) };
        var show = new Command("show", "one backup: its facts, volumes and history") { id };
        show.SetAction((result, token) => CommandLine.Code(RunAsync(result.GetValue(config), result.GetValue(json), result.GetValue(id), token)));
        return show;
    }

    private static async Task<ExitCode> RunAsync(string? configuration, bool asJson, long id, CancellationToken cancellationToken)
    {
        var settings = Settings.LoadAsServiceUser(configuration);
        var database = await Database.OpenForReadingAsync(settings.Options.StorePath, cancellationToken);
        var store = new StatusStore(database, TimeProvider.System);
        if (await store.FindAsync(id, cancellationToken) is not { } backup)
        {
            return await Screen.SayAsync(ExitCode.Usage, $"there is no backup {id}: perb list shows those that there are");
        }

        var volumes = await new PipelineStore(database, TimeProvider.System).LoadVolumesAsync(id, cancellationToken);
        var events = await store.EventsAsync(id, cancellationToken);
        if (asJson)
        {
            Console.Out.WriteLine(Document(backup, volumes, events));
        }
        else
        {
            Print(backup, volumes, events, settings.Options.TimeZone);
        }

        return ExitCode.Ok;
    }

    private static string Document(Backup backup, IReadOnlyList<VolumeRecord> volumes, IReadOnlyList<BackupEvent> events)
    {
        var json = DocumentsJson.Default;
        var document = JsonSerializer.SerializeToNode(BackupDocument.Of(backup), json.BackupDocument)!.AsObject();
        document["volumes"] = JsonSerializer.SerializeToNode([.. volumes.Select(VolumeDocument.Of)], json.IReadOnlyListVolumeDocument);
        document["events"] = JsonSerializer.SerializeToNode(events, json.IReadOnlyListBackupEvent);
        return document.ToJsonString(json.Options);
    }

    private static void Print(Backup backup, IReadOnlyList<VolumeRecord> volumes, IReadOnlyList<BackupEvent> events, TimeZoneInfo zone)
    {
        var screen = Screen.Open();
        foreach (var (name, value) in Facts(backup, zone).Where(fact => fact.Value is not null))
        {
            screen.WriteLine(Screen.Line($"{name + ":",-14}{value}"));
        }

        if (volumes.Count > 0)
        {
            var table = Screen.Table("Volume", "Size", "Sealed", "Uploaded", "Verified");
            foreach (var volume in volumes)
            {
                table.AddRow(Screen.Cells(
                    volume.Name,
                    ByteSize.Format(volume.SizeBytes),
                    Screen.Time(volume.SealedAt, zone),
                    Screen.Time(volume.UploadedAt, zone),
                    volume.VerifiedHow is { } how ? $"{Screen.Time(volume.VerifiedAt, zone)} ({how.Word()})" : "never"));
            }

            screen.WriteLine();
            screen.Write(table);
        }

        screen.WriteLine();
        foreach (var one in events)
        {
            screen.WriteLine(Screen.Line($"{Screen.Time(one.At, zone)} {one.Kind}: {one.Text}"));
        }
    }

    private static IEnumerable<(string Name, string? Value)> Facts(Backup backup, TimeZoneInfo zone) =>
    [
        ("Backup", $"{backup.Id.ToString(CultureInfo.InvariantCulture)}, {backup.RemoteName} to {backup.Remote}"),
        ("State", $"{backup.State.Word()}{(backup.VerifiedHow is { } how ? $", verified by {how} at {Screen.Time(backup.VerifiedAt, zone)}" : "")}"),
        ("Published", backup.PublishedAt is { } at ? Screen.Time(at, zone) : null),
        ("Guest", $"{backup.GuestType}/{backup.Guest}"),
        ("Archive", $"{backup.Path}, {ByteSize.Format(backup.SizeBytes)}, of {Screen.Time(backup.ArchiveTime, zone)}"),
        ("Storage", backup.Storage is { } storage ? $"{storage} on {backup.Node}" : $"none, by hand on {backup.Node}"),
        ("Sealed", backup.VolumeCount is { } count ? $"{ByteSize.Format(backup.SealedBytes)} of {count} volume(s)" : null),
        ("Failure", backup.Failure),
        ("Attempts", backup.Attempt > 0 ? backup.Attempt.ToString(CultureInfo.InvariantCulture) : null),
        ("Next attempt", backup.NextAttemptAt is { } next ? Screen.Time(next, zone) : null),
    ];
}
