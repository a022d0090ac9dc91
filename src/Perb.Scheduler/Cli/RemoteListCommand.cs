using System.Globalization;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Remotes;
using Perb.Transfer.Rclone;
using Spectre.Console;

namespace Perb.Scheduler.Cli;

/// <summary><c>perb list --remote-only</c>: what lies on the remotes, from their listings and manifests, without any store.</summary>
internal static class RemoteListCommand
{
    public static async Task<ExitCode> RunAsync(AccessOrder order, bool asJson, int? guest, CancellationToken cancellationToken)
    {
        var time = TimeProvider.System;
        var (access, fault) = RemoteAccess.Open(order, time.GetUtcNow());
        if (access is null)
        {
            return await Screen.SayAsync(ExitCode.Usage, fault!);
        }

        using var logs = Logging.ToTerminal(Logging.OpenTerminal(LogTarget.StandardError));
        var rclone = new RcloneProgram(access.Rclone, time, logs.CreateLogger<RcloneProgram>());
        var remotes = new ReadRemote(rclone, access.Trusted, time);
        var (backups, notes, code) = (new List<RemoteBackupDocument>(), new List<string>(), ExitCode.Ok);
        foreach (var place in access.Places)
        {
            try
            {
                var inventory = await remotes.ListAsync(place.Path, guest is null ? [] : [$"{guest}-"], cancellationToken);
                await foreach (var backup in remotes.ReadAsync(place.Path, inventory.Sets, cancellationToken))
                {
                    backups.Add(RemoteBackupDocument.Of(place.Name, backup, access.Zone));
                }

                notes.AddRange(NotesOn(place, inventory, guest));
            }
            catch (RcloneException exception) when (access.Places.Count > 1 && exception is not RcloneMissingException)
            {
                notes.Add($"{place.Name} is left out: {exception.Message}");
                code = exception.IsTransient ? ExitCode.TryLater : ExitCode.Failed;
            }
        }

        if (asJson)
        {
            Screen.WriteJson(backups, DocumentsJson.Default.IReadOnlyListRemoteBackupDocument);
        }
        else
        {
            Print(backups, access.Zone);
        }

        return await Screen.SayAsync(code, notes);
    }

    private static IEnumerable<string> NotesOn(RemotePlace place, RemoteInventory inventory, int? guest)
    {
        if (inventory.ForeignFiles > 0)
        {
            var size = ByteSize.Format(inventory.ForeignBytes);
            yield return $"{place.Name}: {inventory.ForeignFiles} other file(s), {size}, neither Perb's nor PERB's";
        }

        if (inventory.Sets.Count == 0 && !inventory.IsOwned)
        {
            var what = guest is null ? "no backup" : $"no backup of guest {guest}";
            yield return $"{place.Name}: {what} lies on {place.Path}; is it mounted, is it the right path?";
        }
    }

    private static void Print(IReadOnlyList<RemoteBackupDocument> backups, TimeZoneInfo zone)
    {
        var table = Screen.Table("Name", "Remote", "State", "Archive of", "Volumes", "Archive", "Stored", "Signed by");
        foreach (var backup in backups)
        {
            table.AddRow(Screen.Cells(
                backup.RemoteName,
                backup.Remote,
                backup.State ?? backup.Kind,
                Screen.Time(backup.ArchiveTime, zone),
                backup.VolumeCount?.ToString(CultureInfo.InvariantCulture) ?? "-",
                backup.SizeBytes is { } size ? ByteSize.Format(size) : "-",
                ByteSize.Format(backup.SealedBytes),
                backup.SignedBy is { } signer ? signer[^16..] : "-"));
        }

        Screen.Open().Write(table);
        foreach (var backup in backups.Where(backup => backup.Failure is not null))
        {
            Console.Out.WriteLine(Screen.Line($"{backup.RemoteName} on {backup.Remote}: {backup.Failure}"));
        }
    }
}
