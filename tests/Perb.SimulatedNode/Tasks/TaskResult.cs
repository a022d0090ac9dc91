namespace Perb.Simulation.Tasks;

/// <summary>How a task ended: <c>OK</c>, <c>WARNINGS: n</c>, <c>unexpected status</c>, or the error text itself.</summary>
public sealed record TaskResult(string Upid, string Status, IReadOnlyList<string> Log)
{
    public bool IsOk => Status == "OK";
}

/// <summary>Ends a task with this text as its status.</summary>
public sealed class TaskFailedException(string message) : Exception(message);

/// <summary>The worker was killed (SIGKILL, power loss): nothing after this point may happen, no cleaning up either.</summary>
internal sealed class TaskKilledException() : Exception("The worker was killed.");
