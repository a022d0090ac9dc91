using Perb.Simulation.Tasks;

namespace Perb.Simulation.Vzdump;

/// <summary>The worker process of one vzdump task: where its lines go, and how signals reach what it is doing.</summary>
internal sealed class Worker(NodeParts node, BackupRun run, NodeTask task)
{
    public NodeParts Node { get; } = node;

    public BackupRun Run { get; } = run;

    public NodeTask Task { get; } = task;

    /// <summary>While a guest is worked on, its own log gets the lines too, with a time in front.</summary>
    public StreamWriter? GuestLog { get; set; }

    public void Info(string text) => Write("INFO", text, Task.Info);

    public void Error(string text) => Write("ERROR", text, Task.Error);

    public void Warn(string text) => Write("WARN", text, Task.Warn);

    /// <summary>
    /// Awaits work that a signal may interrupt. SIGKILL ends everything; TERM ends this piece of work with the given text:
    /// exactly <c>interrupted by signal</c> ends the job, <c>command '…' failed: interrupted by signal</c> only the guest.
    /// </summary>
    public async Task InterruptibleAsync(Func<CancellationToken, Task> work, string interruption)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(Task.Aborted, Task.Killed);
        try
        {
            await work(either.Token);
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            Task.ThrowIfKilled();
            Task.TakeAbort();
            throw new TaskFailedException(interruption);
        }
    }

    public async Task ReachAsync(VzdumpMoment moment, int? vmid = null, string? target = null)
    {
        var step = new VzdumpStep(moment, Task, vmid, target);
        foreach (var gate in new[] { Node.Options.Gate, Run.Gate })
        {
            if (gate is not null)
            {
                await InterruptibleAsync(token => gate(step).WaitAsync(token), Interrupted);
            }
        }

        Task.ThrowIfKilled();
    }

    public const string Interrupted = "interrupted by signal";

    private void Write(string level, string text, Action<string> toTask)
    {
        toTask(text);
        foreach (var line in text.TrimEnd('\n').Split('\n'))
        {
            GuestLog?.WriteLine($"{Node.Clock.LogTimeOf(Node.Clock.Now)} {level}: {line}");
        }
    }
}
