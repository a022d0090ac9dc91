using Perb.ProxmoxClient;
using Perb.Scheduler.Backups;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Discovery;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Store;
using Perb.Transfer;
using Perb.Transfer.Posix;

namespace Perb.Scheduler.Notes;

/// <summary>
/// Writes a line about each copy into its archive's notes, where the web interface shows it. A courtesy: nothing waits for it or fails with it,
/// and after a week nobody looks for it any more. Proxmox has neither locks nor digests for notes, so they are read, written and read again.
/// </summary>
public sealed class WriteNotes(
    ProxmoxApi api, NoteStore store, Troubles troubles, RetryPolicy retry, PerbOptions options, TimeProvider time, ILogger<WriteNotes> logger)
{
    public const string Subject = "notes";

    private const int Looks = 3;
    private static readonly TimeSpan Worthwhile = TimeSpan.FromDays(7);
    private static readonly TimeSpan PrivilegesHold = TimeSpan.FromHours(1);

    private readonly TimedLook _look = new(TimeSpan.FromSeconds(20), time);
    private readonly Dictionary<long, Postponed> _postponed = [];
    private DateTimeOffset? _askedAt;

    /// <summary>Everything that is due; what fails now is trouble, and tried again later.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (!options.Proxmox.WriteNotes)
        {
            await troubles.SetAsync(Subject, null, cancellationToken);
            return;
        }

        var now = time.GetUtcNow();
        var due = await store.DueAsync(now - Worthwhile, cancellationToken);
        foreach (var id in _postponed.Keys.Except(due.Select(copy => copy.Id)).ToList())
        {
            _postponed.Remove(id);
        }

        var ready = due.Where(copy => !_postponed.TryGetValue(copy.Id, out var later) || later.At <= now).ToList();
        if (ready.Count > 0 || _askedAt is not { } asked || now - asked >= PrivilegesHold)
        {
            await troubles.SetAsync(Subject, await WriteAsync(due, ready, cancellationToken), cancellationToken);
        }
    }

    /// <returns>The trouble that there is.</returns>
    private async Task<string?> WriteAsync(IReadOnlyList<Backup> due, List<Backup> ready, CancellationToken cancellationToken)
    {
        try
        {
            var permissions = await api.GetPermissionsAsync(cancellationToken);
            _askedAt = time.GetUtcNow();
            var away = new HashSet<string?>();
            foreach (var copy in ready.Where(copy => NotesPrivileges.Suffice(permissions, copy)))
            {
                if (!away.Contains(copy.Storage) && await TryNoteAsync(copy, cancellationToken) is UnavailableException or TimeoutException)
                {
                    away.Add(copy.Storage);
                }
            }

            return NotesPrivileges.Trouble(permissions, options.Proxmox.TokenId, options.Discovery.Storages, due)
                ?? _postponed.Values.Select(later => later.Text).FirstOrDefault();
        }
        catch (ProxmoxException exception)
        {
            return $"they cannot be written now: {exception.Message}";
        }
    }

    /// <summary>Null: nothing more is to be done. Otherwise what failed; it is remembered until the next try.</summary>
    private async Task<Exception?> TryNoteAsync(Backup copy, CancellationToken cancellationToken)
    {
        try
        {
            if (await NoteAsync(copy, cancellationToken))
            {
                _postponed.Remove(copy.Id);
                return null;
            }

            Postpone(copy, "somebody else writes them at the same time");
            return null;
        }
        catch (Exception exception) when (exception is ProxmoxException or IOException or TimeoutException)
        {
            Postpone(copy, exception.Message);
            return exception;
        }
    }

    private void Postpone(Backup copy, string reason)
    {
        var failures = _postponed.GetValueOrDefault(copy.Id)?.Failures + 1 ?? 1;
        var text = $"those of {copy.Archive} in {copy.Storage} do not name its copy on {copy.Remote} yet: {Printable.Clean(reason, 500)}";
        _postponed[copy.Id] = new Postponed(failures, time.GetUtcNow() + retry.BackOff(failures), text);
    }

    /// <summary>False: the line did not stay.</summary>
    private async Task<bool> NoteAsync(Backup copy, CancellationToken cancellationToken)
    {
        var line = NotesText.LineOf(copy, options.TimeZone);
        for (var look = 1; look <= Looks; look++)
        {
            var hasWritten = look > 1;
            if (await ReadAsync(copy, hasWritten, cancellationToken) is not { } notes)
            {
                return true;
            }

            var wanted = NotesText.With(notes, copy.Remote, line);
            if (wanted == notes)
            {
                await store.RecordAsync(copy, "noted", line);
                logger.Noted(copy.Archive, copy.Storage!, line);
                return true;
            }

            if (NotesText.IsTooLong(wanted))
            {
                await LeaveAsync(copy, "its notes are so long that Proxmox may not take them with one line more");
                return true;
            }

            if (look < Looks)
            {
                await api.SetNotesAsync(copy.Node, copy.Storage!, VolumeOf(copy), wanted, cancellationToken);
            }
        }

        return false;
    }

    /// <summary>Null: the archive is not there any more, and that is recorded. The node writes notes of missing archives too, so it is asked first.</summary>
    private async Task<string?> ReadAsync(Backup copy, bool hasWritten, CancellationToken cancellationToken)
    {
        BackupVolumeDetails details;
        try
        {
            details = await api.GetBackupAsync(copy.Node, copy.Storage!, VolumeOf(copy), cancellationToken);
        }
        catch (NotFoundException)
        {
            if (hasWritten)
            {
                await api.SetNotesAsync(copy.Node, copy.Storage!, VolumeOf(copy), "", cancellationToken); // it went between: leave no stray file
            }

            await LeaveAsync(copy, "Proxmox does not have it any more");
            return null;
        }

        var file = await _look.AtAsync(copy.Path, () => FileFacts.At(copy.Path), cancellationToken)
            ?? throw new IOException($"Proxmox shows it, but {copy.Path} is not there for perb");
        if (file.SizeBytes == copy.SizeBytes && file.ModifiedAt == copy.ModifiedAt)
        {
            return details.Notes;
        }

        await LeaveAsync(copy, $"{copy.Path} is not the archive that was shipped");
        return null;
    }

    private async Task LeaveAsync(Backup copy, string reason)
    {
        await store.RecordAsync(copy, "not noted", reason);
        logger.NotNoted(copy.Archive, copy.Storage!, copy.Remote, reason);
    }

    private static string VolumeOf(Backup copy) => $"{copy.Storage}:backup/{copy.Archive}";

    private sealed record Postponed(int Failures, DateTimeOffset At, string Text);
}
