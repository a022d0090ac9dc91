using System.Globalization;
using Perb.Simulation.Guests;
using Perb.Simulation.Storage;
using Perb.Simulation.Tasks;

namespace Perb.Simulation.Vzdump;

/// <summary>
/// One guest of a vzdump task, step for step as exec_backup_task: lock, archive, rename, notes, protection, prune,
/// backup-end, unlock, (backup-abort,) log copy, log-end.
/// </summary>
internal sealed class GuestBackup(Worker worker, VzdumpHook hook, BackupDestination destination, int vmid)
{
    private readonly HookFacts _facts = new();
    private readonly GuestModes _modes = new(worker, hook, vmid);
    private readonly NodeParts _node = worker.Node;
    private string? _datFile;
    private string? _scratch;
    private bool _locked;

    private string Kept => Path.Combine(_node.Options.Directory, "vzdump", $"{_facts.VmType ?? "unknown"}-{vmid}.log");

    /// <summary>True when the guest counts as backed up. Only an abort of the whole job leaves by exception.</summary>
    public async Task<bool> RunAsync()
    {
        var started = _node.Clock.Now;
        string? error = null;
        _modes.Mode = worker.Run.Mode;
        try
        {
            await BackUpAsync(started);
        }
        catch (TaskFailedException failure)
        {
            error = failure.Message;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            error = failure.Message;
        }

        await CleanUpAsync();
        await ReportAsync(started, error);
        await worker.ReachAsync(VzdumpMoment.GuestFinished, vmid, _facts.Target);
        return error switch
        {
            null => true,
            Worker.Interrupted => throw new TaskFailedException(error),
            _ => false,
        };
    }

    private async Task BackUpAsync(DateTimeOffset started)
    {
        var guest = _node.Guests.Find(vmid) ?? throw new TaskFailedException($"unable to find VM '{vmid}'");
        RequireRoom(guest);
        Name(guest, started);
        worker.Info($"Starting Backup of VM {vmid} ({guest.TypeName})");
        worker.Task.Info($"Backup started at {_node.Clock.LogTimeOf(_node.Clock.Now)}");
        worker.Info($"status = {(guest.Running ? "running" : "stopped")}");
        await worker.ReachAsync(VzdumpMoment.GuestStarted, vmid, _facts.Target);
        Lock(guest);
        await _modes.PrepareAsync(guest, _facts);
        worker.Info($"creating {(destination.Storage is { HasFiles: false } ? "Proxmox Backup Server" : "vzdump")} archive '{_facts.Target}'");
        if (_datFile is { } datFile)
        {
            await WriteArchiveAsync(guest, datFile);
            await AnnotateAsync(guest);
        }

        await PruneAsync(guest);
        await hook.RunAsync("backup-end", _modes.Mode, vmid, _facts);
    }

    /// <summary>The time in the name is the start of this guest's backup, in the node's local time; PBS ids use UTC.</summary>
    private void Name(Guest guest, DateTimeOffset started)
    {
        _facts.VmType = guest.TypeName;
        if (destination.DumpDirectory is not { } directory)
        {
            var group = guest.Type == GuestType.Qemu ? "vm" : "ct";
            _facts.Target = $"{group}/{vmid}/{started.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture)}";
        }
        else
        {
            var stem = Path.Combine(directory, $"vzdump-{guest.TypeName}-{vmid}-{_node.Clock.NameOf(started)}");
            _facts.Target = stem + ArchiveWriter.ExtensionOf(guest.Type, worker.Run.Compress);
            _facts.LogFile = stem + ".log";
            // The LAST extension is replaced: vma.zst becomes vma.dat, an uncompressed vma becomes dat.
            _datFile = Path.ChangeExtension(_facts.Target, ".dat");
            _scratch = stem + ".tmp";
            Directory.CreateDirectory(Path.Combine(_scratch, "etc", "vzdump"));
            File.WriteAllText(Path.Combine(_scratch, "etc", "vzdump", "pct.conf"), $"hostname: {guest.Name}\n");
            File.Delete(_facts.LogFile);
        }

        Directory.CreateDirectory(Path.GetDirectoryName(Kept)!);
        worker.GuestLog = new StreamWriter(Kept) { AutoFlush = true };
    }

    private void Lock(Guest guest)
    {
        if (_node.Guests[vmid].LockedBy is { } lockedBy)
        {
            throw new TaskFailedException($"{guest.ConfigName} is locked ({lockedBy})");
        }

        _node.Guests.Change(vmid, known => known with { LockedBy = "backup" });
        _locked = true;
    }

    /// <summary>With <c>remove=0</c> vzdump refuses once the rule's places are taken by unprotected archives.</summary>
    private void RequireRoom(Guest guest)
    {
        if (worker.Run.Remove || destination.Retention.KeepsAll || destination.Storage is not { HasFiles: true } storage)
        {
            return;
        }

        var limit = destination.Retention.Sum;
        var count = BackupFile.List(storage, _node.Clock, vmid)
            .Count(file => !file.IsProtected && file.Name.Type == guest.TypeName && file.Name.StandardVmid == vmid);
        if (count >= limit)
        {
            throw new TaskFailedException(
                $"There is a max backup limit of {limit} enforced by the target storage or the vzdump parameters. "
                + "Either increase the limit or delete old backups.");
        }
    }

    private async Task WriteArchiveAsync(Guest guest, string datFile)
    {
        // During a container's tar the signal hits that command; a VM's data transfer is vzdump's own work and ends the job.
        var interruption = guest.Type == GuestType.Lxc ? $"command 'tar' failed: {Worker.Interrupted}" : Worker.Interrupted;
        try
        {
            await worker.InterruptibleAsync(
                token => new ArchiveWriter(worker).WriteAsync(guest, datFile, _scratch!, token), interruption);
        }
        catch (TaskFailedException failure) when (guest.Type == GuestType.Qemu)
        {
            worker.Error(failure.Message);
            worker.Info("aborting backup job");
            throw;
        }

        await worker.ReachAsync(VzdumpMoment.ArchiveWritten, vmid, _facts.Target);
        AtomicFile.Rename(datFile, _facts.Target!);
        worker.Info($"archive file size: {SizeText(new FileInfo(_facts.Target!).Length)}");
        await worker.ReachAsync(VzdumpMoment.Renamed, vmid, _facts.Target);
    }

    private async Task AnnotateAsync(Guest guest)
    {
        if (destination.Storage is not null)
        {
            if (worker.Run.NotesTemplate is { Length: > 0 } template)
            {
                worker.Info("adding notes to backup");
                BackupFile.WriteNotes(_facts.Target!, template
                    .Replace("{{guestname}}", guest.Name, StringComparison.Ordinal)
                    .Replace("{{vmid}}", $"{vmid}", StringComparison.Ordinal)
                    .Replace("{{node}}", _node.Name, StringComparison.Ordinal)
                    .Replace("{{cluster}}", "standalone node", StringComparison.Ordinal)
                    .Replace("\\n", "\n", StringComparison.Ordinal)
                    .Replace("\\\\", "\\", StringComparison.Ordinal));
            }

            if (worker.Run.Protected)
            {
                worker.Info("marking backup as protected");
                BackupFile.SetProtected(_facts.Target!, true);
            }
        }

        await worker.ReachAsync(VzdumpMoment.NotesWritten, vmid, _facts.Target);
    }

    /// <summary>Before backup-end, and the new archive takes part as the newest: an older one that is still being read may go now.</summary>
    private async Task PruneAsync(Guest guest)
    {
        if (worker.Run.Remove && !destination.Retention.KeepsAll)
        {
            worker.Info($"prune older backups with retention: {destination.Retention}");
            var pruned = destination.DumpDirectory is null ? 0 : RemoveOlder(guest);
            worker.Info($"pruned {pruned} backup(s){(pruned > 0 ? " not covered by keep-retention policy" : "")}");
        }

        await worker.ReachAsync(VzdumpMoment.Pruned, vmid, _facts.Target);
    }

    private int RemoveOlder(Guest guest)
    {
        // A bare directory is pruned by the same rules as a storage whose dump directory it would be.
        var storage = destination.Storage ?? new StorageDefinition("dumpdir") { Path = destination.DumpDirectory, ContentDirs = "backup=." };
        var removed = PruneEntry.MarkAll(storage, destination.Retention, _node.Clock, vmid, guest.TypeName)
            .Where(entry => entry.Mark == "remove")
            .ToList();
        foreach (var entry in removed)
        {
            worker.Info(destination.Storage is null
                ? $"delete old backup '{entry.File!.FilePath}'"
                : $"removing backup '{entry.VolumeId}'");
            BackupFile.Remove(entry.File!.FilePath, entry.File.Name);
        }

        return removed.Count;
    }

    private async Task CleanUpAsync()
    {
        if (_locked)
        {
            _node.Guests.Change(vmid, guest => guest with { LockedBy = null });
        }

        await _modes.BringBackAsync(_facts);
        if (_datFile is not null)
        {
            File.Delete(_datFile);
        }

        if (_scratch is not null && Directory.Exists(_scratch))
        {
            Directory.Delete(_scratch, recursive: true);
        }
    }

    private async Task ReportAsync(DateTimeOffset started, string? error)
    {
        var now = _node.Clock.Now;
        if (error is null)
        {
            worker.Info($"Finished Backup of VM {vmid} ({(now - started).ToString(@"hh\:mm\:ss", CultureInfo.InvariantCulture)})");
            worker.Task.Info($"Backup finished at {_node.Clock.LogTimeOf(now)}");
        }
        else
        {
            worker.Error($"Backup of VM {vmid} failed - {error}");
            worker.Task.Info($"Failed at {_node.Clock.LogTimeOf(now)}");
            await WarnIfFailsAsync("backup-abort");
        }

        await worker.ReachAsync(VzdumpMoment.GuestUnlocked, vmid, _facts.Target);
        if (worker.GuestLog is { } log)
        {
            await log.DisposeAsync();
            worker.GuestLog = null;
            if (_facts.LogFile is not null)
            {
                File.Copy(Kept, _facts.LogFile, overwrite: true);
            }
        }

        await worker.ReachAsync(VzdumpMoment.LogCopied, vmid, _facts.Target);
        await WarnIfFailsAsync("log-end");
    }

    /// <summary>Since 8.2 a failing backup-abort or log-end is a warning: the task ends <c>WARNINGS: n</c>.</summary>
    private async Task WarnIfFailsAsync(string phase)
    {
        try
        {
            await hook.RunAsync(phase, _modes.Mode, vmid, _facts);
        }
        catch (TaskFailedException failure)
        {
            worker.Task.Warn(failure.Message);
        }
    }

    /// <summary>Truncated, not rounded: whole KB and MB, two decimals from GB on.</summary>
    private static string SizeText(long bytes) => bytes switch
    {
        < 1L << 20 => $"{bytes >> 10}KB",
        < 1L << 30 => $"{bytes >> 20}MB",
        < 1L << 40 => $"{bytes / (double)(1L << 30):F2}GB",
        _ => $"{bytes / (double)(1L << 40):F2}TB",
    };
}
