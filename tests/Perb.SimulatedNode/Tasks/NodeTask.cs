using System.Threading.Channels;

namespace Perb.Simulation.Tasks;

/// <summary>A running task: its log, and the two signals that can reach it.</summary>
public sealed class NodeTask : IDisposable
{
    private readonly Lock _lock = new();
    private readonly List<string> _lines = [];
    private readonly List<ChannelWriter<string>> _followers = [];
    private readonly CancellationTokenSource _kill = new();
    private readonly StreamWriter _file;
    private CancellationTokenSource _abort = new();
    private bool _ended;

    internal NodeTask(Upid upid, string logFile)
    {
        Upid = upid;
        Directory.CreateDirectory(Path.GetDirectoryName(logFile)!);
        _file = new StreamWriter(logFile) { AutoFlush = true };
    }

    internal Upid Upid { get; }

    /// <summary>The task's name as text.</summary>
    public string Name => Upid.ToString();

    /// <summary>How it ended. Never faults: an error is a result.</summary>
    public Task<TaskResult> Completion { get; internal set; } = null!;

    internal int Warnings { get; private set; }

    /// <summary>Cancelled by the TERM of an abort. One signal interrupts one thing: see <see cref="TakeAbort"/>.</summary>
    internal CancellationToken Aborted => _abort.Token;

    internal CancellationToken Killed => _kill.Token;

    internal IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lock)
            {
                return [.. _lines];
            }
        }
    }

    /// <summary>TERM, as DELETE …/tasks/{upid} sends it: whatever runs is interrupted, then vzdump goes on as it can.</summary>
    public void Abort() => _abort.Cancel();

    /// <summary>SIGKILL: the task ends at once, without a TASK line and without cleaning up.</summary>
    public void Kill() => _kill.Cancel();

    public void Dispose()
    {
        _file.Dispose();
        _abort.Dispose();
        _kill.Dispose();
    }

    internal void Info(string text) => Log("INFO: " + text);

    internal void Error(string text)
    {
        foreach (var line in text.TrimEnd('\n').Split('\n'))
        {
            Log("ERROR: " + line);
        }
    }

    /// <summary>Warnings of the whole task add up: <c>TASK WARNINGS: n</c>.</summary>
    internal void Warn(string text)
    {
        Warnings++;
        Log("WARN: " + text);
    }

    internal void Log(string line)
    {
        lock (_lock)
        {
            if (_ended)
            {
                return;
            }

            _lines.Add(line);
            _file.WriteLine(line);
            _followers.ForEach(follower => follower.TryWrite(line));
        }
    }

    /// <summary>All lines from the first on, then each new one, until the task ends.</summary>
    public IAsyncEnumerable<string> FollowAsync(CancellationToken cancellationToken)
    {
        var channel = Channel.CreateUnbounded<string>();
        lock (_lock)
        {
            _lines.ForEach(line => channel.Writer.TryWrite(line));
            if (_ended)
            {
                channel.Writer.Complete();
            }
            else
            {
                _followers.Add(channel.Writer);
            }
        }

        return channel.Reader.ReadAllAsync(cancellationToken);
    }

    /// <summary>True once per signal; later steps are not interrupted by it again.</summary>
    internal bool TakeAbort()
    {
        if (!_abort.IsCancellationRequested)
        {
            return false;
        }

        _abort = new CancellationTokenSource();
        return true;
    }

    internal void ThrowIfKilled()
    {
        if (_kill.IsCancellationRequested)
        {
            throw new TaskKilledException();
        }
    }

    internal void End()
    {
        lock (_lock)
        {
            _ended = true;
            _file.Flush();
            _followers.ForEach(follower => follower.TryComplete());
        }
    }
}
