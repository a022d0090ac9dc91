using Perb.Simulation.Access;
using Perb.Simulation.Guests;
using Perb.Simulation.Http;
using Perb.Simulation.Storage;
using Perb.Simulation.Tasks;

namespace Perb.Simulation.Vzdump;

/// <summary>
/// One vzdump task from job-init to the last line. The order is the real one: job-init runs BEFORE the global lock is
/// taken, the storage is looked up after job-init, guests run one after another by ascending VMID.
/// </summary>
internal sealed class VzdumpTask
{
    private readonly Worker _worker;
    private readonly VzdumpHook _hook;
    private readonly NodeParts _node;
    private readonly BackupRun _run;
    private readonly IReadOnlyList<int> _vmids;

    private VzdumpTask(NodeParts node, BackupRun run, IReadOnlyList<int> vmids, NodeTask task)
    {
        _node = node;
        _run = run;
        _vmids = vmids;
        _worker = new Worker(node, run, task);
        _hook = new VzdumpHook(_worker, run.HookScript ?? VzdumpConf.ScriptOf(node.Options))
        {
            StorageId = run.DumpDirectory is null ? run.Storage : null,
            DumpDirectory = run.DumpDirectory,
        };
    }

    /// <summary>The task's id is the VMID only if it has exactly one guest; a filter by VMID never finds the others.</summary>
    public static NodeTask Start(NodeParts node, BackupRun run)
    {
        var vmids = GuestsOf(node, run);
        var id = vmids.Count == 1 && !run.All && run.Pool is null ? $"{vmids[0]}" : "";
        return node.Tasks.Start("vzdump", id, run.User, task => new VzdumpTask(node, run, vmids, task).RunAsync());
    }

    public static IReadOnlyList<int> GuestsOf(NodeParts node, BackupRun run)
    {
        var chosen = run.All ? node.Guests.All.Select(guest => guest.Vmid).Except(run.Exclude)
            : run.Pool is not null ? node.Guests.All.Where(guest => IsInPool(node, guest, run.Pool)).Select(guest => guest.Vmid)
            : run.Guests;
        return [.. chosen.Distinct().Order()];
    }

    private static bool IsInPool(NodeParts node, Guest guest, string pool) =>
        guest.Pool == pool || node.Access.Pools.Any(known => known.Name == pool && known.Guests.Contains(guest.Vmid));

    private async Task RunAsync()
    {
        await _worker.ReachAsync(VzdumpMoment.TaskStarted);
        _hook.RequireScript();
        await _hook.RunAsync("job-init");
        var destination = FindDestination();
        _hook.DumpDirectory = destination.DumpDirectory;
        await TakeLockAsync();
        try
        {
            await RunJobAsync(destination);
        }
        finally
        {
            _node.VzdumpLock.Release();
            _worker.GuestLog?.Dispose();
        }
    }

    private BackupDestination FindDestination()
    {
        if (_run.DumpDirectory is { } directory)
        {
            return Directory.Exists(directory)
                ? new BackupDestination(null, directory, Retention.Parse(_run.PruneBackups ?? ""))
                : throw new TaskFailedException($"dumpdir '{directory}' does not exist");
        }

        var id = _run.Storage;
        var storage = _node.Storages.Find(id)
            ?? throw new TaskFailedException($"could not get storage information for '{id}': storage '{id}' does not exist");
        if (!storage.Contents.Contains("backup"))
        {
            throw new TaskFailedException(
                $"could not get storage information for '{id}': can't use storage '{id}' for backups - wrong content type");
        }

        try
        {
            _node.Storages.Activate(id);
        }
        catch (ApiException reason)
        {
            throw new TaskFailedException($"could not activate storage '{id}': {reason.Message}");
        }

        var retention = Retention.Parse(_run.PruneBackups ?? storage.PruneBackups ?? "");
        return new BackupDestination(storage, storage.HasFiles ? storage.DumpDirectory : null, retention);
    }

    private async Task TakeLockAsync()
    {
        if (_node.VzdumpLock.TryTake())
        {
            return;
        }

        _worker.Task.Info("trying to get global lock - waiting...");
        await _worker.ReachAsync(VzdumpMoment.WaitingForLock);
        await _worker.InterruptibleAsync(_node.VzdumpLock.TakeAsync, Worker.Interrupted);
        _worker.Task.Info("got global lock");
    }

    private async Task RunJobAsync(BackupDestination destination)
    {
        _worker.Info($"starting new backup job: {CommandLine()}");
        RequirePermissions();
        var failed = 0;
        try
        {
            await _hook.RunAsync("job-start");
            await _worker.ReachAsync(VzdumpMoment.JobStarted);
            foreach (var vmid in _vmids)
            {
                failed += await new GuestBackup(_worker, _hook, destination, vmid).RunAsync() ? 0 : 1;
            }

            await _worker.ReachAsync(VzdumpMoment.JobEnding);
            await _hook.RunAsync("job-end");
        }
        catch (TaskFailedException failure)
        {
            throw new TaskFailedException(await AbortJobAsync(failure.Message));
        }

        _worker.Info(failed > 0 ? "Backup job finished with errors" : "Backup job finished successfully");
        if (failed > 0)
        {
            throw new TaskFailedException("job errors");
        }
    }

    /// <summary>A failing job-abort adds its text to the error.</summary>
    private async Task<string> AbortJobAsync(string error)
    {
        try
        {
            await _hook.RunAsync("job-abort");
        }
        catch (TaskFailedException failure)
        {
            error = $"{error}\n{failure.Message}";
        }

        _worker.Error($"Backup job failed - {error}");
        return error;
    }

    /// <summary>VM.Backup is checked inside the task: POST answers 200 with a UPID, and the refusal is the task's status.</summary>
    private void RequirePermissions()
    {
        foreach (var vmid in _vmids.Where(vmid => !_node.Access.HasAll(_run.User, $"/vms/{vmid}", ["VM.Backup"])))
        {
            throw new TaskFailedException($"403 Permission check failed (/vms/{vmid}, VM.Backup)");
        }
    }

    private string CommandLine()
    {
        var words = new List<string> { "vzdump" };
        words.AddRange(_run.All || _run.Pool is not null ? [] : _vmids.Select(vmid => $"{vmid}"));
        Add("all", _run.All ? "1" : null);
        Add("exclude", _run.Exclude.Count > 0 ? string.Join(',', _run.Exclude) : null);
        Add("pool", _run.Pool);
        Add("mode", _run.Mode);
        Add("compress", _run.Compress);
        Add("dumpdir", _run.DumpDirectory);
        Add("storage", _run.DumpDirectory is null ? _run.Storage : null);
        Add("notes-template", _run.NotesTemplate is { } notes ? $"'{notes}'" : null);
        Add("protected", _run.Protected ? "1" : null);
        Add("prune-backups", _run.PruneBackups is { } rule ? $"'{rule}'" : null);
        Add("remove", _run.Remove ? null : "0");
        Add("node", _run.ThroughApi ? _node.Name : null);
        return string.Join(' ', words);

        void Add(string option, string? value)
        {
            if (value is not null)
            {
                words.AddRange(["--" + option, value]);
            }
        }
    }
}

/// <summary>Where a task's archives go: a storage with files, a PBS (no directory), or a bare directory (no storage).</summary>
internal sealed record BackupDestination(StorageDefinition? Storage, string? DumpDirectory, Retention Retention);
