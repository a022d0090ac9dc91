using System.Globalization;

namespace Perb.Simulation.Tasks;

/// <summary>
/// The node's tasks, kept as Proxmox keeps them: <c>active</c>, <c>index</c> (one line per finished task, in order of
/// completion), <c>index.1</c>, and a log file per task. When <c>index</c> passes its limit it is renamed over
/// <c>index.1</c>: everything older vanishes from the list at once, while its logs stay readable for a while.
/// </summary>
public sealed class TaskHistory
{
    private const int UnsavedPidBase = 1000;

    private readonly Lock _lock = new();
    private readonly List<NodeTask> _running = [];
    private readonly string _directory;
    private readonly string _node;
    private readonly NodeClock _clock;
    private readonly int _indexLimitBytes;
    private int _started;

    internal TaskHistory(string directory, string node, NodeClock clock, int indexLimitBytes)
    {
        _directory = directory;
        _node = node;
        _clock = clock;
        _indexLimitBytes = indexLimitBytes;
        Directory.CreateDirectory(directory);
        ArchiveLostWorkers();
    }

    /// <summary>Tasks that have not ended, oldest first.</summary>
    public IReadOnlyList<NodeTask> Running
    {
        get
        {
            lock (_lock)
            {
                return [.. _running];
            }
        }
    }

    private string IndexFile => Path.Combine(_directory, "index");

    private string ActiveFile => Path.Combine(_directory, "active");

    /// <summary>A finished task of any kind, as filler: a busy node can lose a vzdump task from the list within hours.</summary>
    public void AddFinished(
        string type, string id, string user, string status, DateTimeOffset started, DateTimeOffset ended, IReadOnlyList<string>? log = null)
    {
        lock (_lock)
        {
            var upid = NextUpid(type, id, user, started.ToUnixTimeSeconds());
            Directory.CreateDirectory(Path.GetDirectoryName(LogFile(upid))!);
            File.WriteAllLines(LogFile(upid), [.. log ?? [], LastLine(status)]);
            AppendToIndex(new TaskEntry(upid, ended.ToUnixTimeSeconds(), status));
        }
    }

    internal NodeTask Start(string type, string id, string user, Func<NodeTask, Task> work)
    {
        NodeTask task;
        lock (_lock)
        {
            var upid = NextUpid(type, id, user, _clock.Seconds);
            task = new NodeTask(upid, LogFile(upid));
            _running.Add(task);
            WriteActive();
        }

        task.Completion = Task.Run(() => RunAsync(task, work));
        return task;
    }

    internal IReadOnlyList<TaskEntry> Active() => [.. Running.Select(task => new TaskEntry(task.Upid, null, null))];

    /// <summary>Newest archived first: the index backwards, then index.1 backwards. Not ordered by start time.</summary>
    internal IReadOnlyList<TaskEntry> Archived()
    {
        lock (_lock)
        {
            return [.. ReadIndex(IndexFile).Reverse().Concat(ReadIndex(IndexFile + ".1").Reverse())];
        }
    }

    internal NodeTask? FindRunning(string upid) => Running.FirstOrDefault(task => task.Name == upid);

    /// <summary>Null where there is no log (never was, or cleaned up).</summary>
    internal IReadOnlyList<string>? ReadLog(Upid upid)
    {
        if (!File.Exists(LogFile(upid)))
        {
            return null;
        }

        using var stream = new FileStream(LogFile(upid), FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream);
        return [.. reader.ReadToEnd().Split('\n', StringSplitOptions.TrimEntries)[..^1]];
    }

    internal string LogFile(Upid upid) => Path.Combine(_directory, upid.LogFolder, upid.ToString());

    /// <summary>The status of a finished task is the last line of its log; a killed worker has written none.</summary>
    internal static string StatusOf(IReadOnlyList<string> log) => (log.Count > 0 ? log[^1] : null) switch
    {
        "TASK OK" => "OK",
        { } line when line.StartsWith("TASK ERROR: ", StringComparison.Ordinal) => line["TASK ERROR: ".Length..],
        { } line when line.StartsWith("TASK WARNINGS: ", StringComparison.Ordinal) => line["TASK ".Length..],
        _ => "unexpected status",
    };

    private async Task<TaskResult> RunAsync(NodeTask task, Func<NodeTask, Task> work)
    {
        string status;
        try
        {
            await work(task);
            task.ThrowIfKilled();
            status = task.Warnings > 0 ? $"WARNINGS: {task.Warnings}" : "OK";
            task.Log(LastLine(status));
        }
        catch (TaskKilledException)
        {
            status = "unexpected status";
        }
        catch (TaskFailedException failure)
        {
            // One line: newlines inside a message become blanks.
            status = failure.Message.TrimEnd('\n').Replace('\n', ' ');
            task.Log(LastLine(status));
        }
#pragma warning disable CA1031 // A fault of the simulation itself must be seen in the task log, not vanish with an unobserved Task.
        catch (Exception fault)
        {
            status = "simulated node failed: " + fault.Message.ReplaceLineEndings(" ");
            task.Log(LastLine(status));
        }
#pragma warning restore CA1031
        task.End();
        lock (_lock)
        {
            _running.Remove(task);
            AppendToIndex(new TaskEntry(task.Upid, _clock.Seconds, status));
            WriteActive();
        }

        var result = new TaskResult(task.Name, status, task.Lines);
        task.Dispose();
        return result;
    }

    private static string LastLine(string status) => status switch
    {
        "OK" => "TASK OK",
        _ when status.StartsWith("WARNINGS: ", StringComparison.Ordinal) => "TASK " + status,
        _ => "TASK ERROR: " + status,
    };

    private Upid NextUpid(string type, string id, string user, long startSeconds)
    {
        var pid = UnsavedPidBase + (Environment.ProcessId * 8L) + _started++;
        return new Upid(_node, pid & 0x3FFFFF, (Environment.TickCount64 / 10) & 0xFFFFFFFF, startSeconds, type, id, user);
    }

    private void AppendToIndex(TaskEntry entry)
    {
        File.AppendAllText(IndexFile, $"{entry.Upid} {entry.EndSeconds:X8} {entry.Status}\n");
        if (new FileInfo(IndexFile).Length > _indexLimitBytes)
        {
            AtomicFile.Rename(IndexFile, IndexFile + ".1");
        }
    }

    private static IEnumerable<TaskEntry> ReadIndex(string file)
    {
        if (!File.Exists(file))
        {
            yield break;
        }

        foreach (var parts in File.ReadAllLines(file).Select(line => line.Split(' ', 3)))
        {
            yield return new TaskEntry(
                Upid.Parse(parts[0])!, long.Parse(parts[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture), parts[2]);
        }
    }

    private void WriteActive() => AtomicFile.Write(ActiveFile, string.Concat(_running.Select(task => task.Name + "\n")));

    /// <summary>
    /// After a crash or reboot: tasks that were running are archived as <c>unexpected status</c>; their end time is now,
    /// the moment of noticing, not of their death.
    /// </summary>
    private void ArchiveLostWorkers()
    {
        if (!File.Exists(ActiveFile))
        {
            return;
        }

        var known = ReadIndex(IndexFile).Select(entry => entry.Upid.ToString()).ToHashSet();
        foreach (var lost in File.ReadAllLines(ActiveFile).Where(upid => !known.Contains(upid)))
        {
            AppendToIndex(new TaskEntry(Upid.Parse(lost)!, _clock.Seconds, "unexpected status"));
        }

        WriteActive();
    }
}
