using Perb.Scheduler.Backups;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Discovery;

namespace Perb.Scheduler.Waiting;

/// <summary>An archive that a vzdump task made, by what the hook said at its end.</summary>
public sealed record VzdumpArchive(ArchiveName Name, string Storage);

/// <summary>The archives of one vzdump task, as its hook's events name them; they come in one by one.</summary>
public sealed class VzdumpArchives(HookSpool spool, VzdumpWorker worker, DiscoverySection discovery, TimeProvider time)
{
    private readonly TimedLook _look = new(TimeSpan.FromSeconds(5), time);
    private readonly List<VzdumpArchive> _archives = [];
    private bool _endedBefore;

    /// <summary>Whether a file is there, or may be: the service may see more than this does. A test can make it hang.</summary>
    internal Func<string, bool> IsThere { get; init; } = path => File.Exists(path) || ReadableFile.IsDenied(path);

    public IReadOnlyList<VzdumpArchive> All => _archives;

    /// <summary>Every event of the task was read: its end was seen, and not only in the last look, as events are written side by side.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>Reads what is new in the spool. Returns lines about it for whoever watches.</summary>
    /// <exception cref="IOException">The spool is not there, or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public async Task<IReadOnlyList<string>> ReadAsync(CancellationToken cancellationToken)
    {
        var lines = new List<string>();
        var endsHere = false;
        HookSpoolLook look;
        var looks = 0;
        do
        {
            look = spool.Look();
            lines.AddRange(look.Fault is null ? [] : [look.Fault]);
            foreach (var found in look.Events.Where(IsOfTask))
            {
                endsHere |= found.Phase == "job-end";
                lines.AddRange(found.Phase == "log-end" && await TryTakeAsync(found, cancellationToken) is { } line ? [line] : []);
            }
        }
        while (!look.IsWhole && ++looks <= HookSpool.MaxNames / HookSpool.MaxReadAtOnce);

        IsComplete = look.IsWhole && _endedBefore;
        _endedBefore |= endsHere;
        return lines;
    }

    private bool IsOfTask(HookSpoolEvent found) => found.Worker.Pid == worker.Pid
        && (found.Worker.Started is null || worker.Started is null || found.Worker.Started == worker.Started);

    /// <summary>A line where there is an archive that Perb does not ship; null where there is none, or one that it does.</summary>
    private async Task<string?> TryTakeAsync(HookSpoolEvent found, CancellationToken cancellationToken)
    {
        if (found.Refused.Contains("target") || found.Refused.Contains("dumpdir"))
        {
            return $"the archive of guest {found.Guest} is not waited for: its path holds characters that the hook does not pass on";
        }

        if (found.DumpDirectory is null || found.Target is not { } path || !await MayBeThereAsync(path, cancellationToken))
        {
            return null; // a storage without files, or a guest whose backup failed: vzdump says so itself
        }

        if (found.Storage is not { } storage)
        {
            return $"{path} is in no storage: it is not shipped";
        }

        if (discovery.Storages.Count > 0 && !discovery.Storages.Contains(storage))
        {
            return $"{path} is not shipped: Perb:Discovery:Storages does not name {storage}";
        }

        if (!ArchiveName.TryParse(Path.GetFileName(path), out var name))
        {
            return $"{path} is not shipped: its name is not one of vzdump's";
        }

        if (_archives.All(archive => archive.Name != name))
        {
            _archives.Add(new VzdumpArchive(name, storage));
        }

        return null;
    }

    // On a mount whose server is gone nobody can tell; the service says what becomes of it.
    private async Task<bool> MayBeThereAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            return await _look.AtAsync(Path.GetDirectoryName(path)!, () => IsThere(path), cancellationToken);
        }
        catch (TimeoutException)
        {
            return true;
        }
    }
}
