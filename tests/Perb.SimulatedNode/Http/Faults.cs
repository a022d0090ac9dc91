namespace Perb.Simulation.Http;

public enum FaultKind
{
    /// <summary>The connection ends without an answer.</summary>
    Close,

    /// <summary>A status of its own with an empty body, the text only in the reason phrase: 500, 595, 596.</summary>
    Status,

    /// <summary>200 with an HTML page, as a proxy in between would send.</summary>
    Html,

    /// <summary>200 with JSON that ends in the middle, and a Content-Length that fits it.</summary>
    TruncatedJson,

    /// <summary>The Content-Length of the whole answer, then the connection ends early.</summary>
    CutShort,

    /// <summary>The true answer, but late.</summary>
    Slow,

    /// <summary>401, as after a token was rotated.</summary>
    Unauthorized,
}

/// <summary>One way to fail, for the next <see cref="Times"/> requests whose path contains <see cref="Path"/>.</summary>
public sealed record Fault(FaultKind Kind)
{
    /// <summary>A part of the unescaped path, such as <c>/tasks</c>; empty matches every request.</summary>
    public string Path { get; init; } = "";

    public string? Method { get; init; }

    public int Times { get; init; } = 1;

    public int Status { get; init; } = 500;

    public string Reason { get; init; } = "Internal Server Error";

    public TimeSpan Delay { get; init; }

    /// <summary>What pveproxy answers for another node whose port refuses.</summary>
    public static Fault ConnectionRefused(string path = "") => new(FaultKind.Status) { Path = path, Status = 595, Reason = "Connection refused" };

    public static Fault ConnectionTimedOut(string path = "") => new(FaultKind.Status) { Path = path, Status = 596, Reason = "Connection timed out" };
}

/// <summary>Failures that a test has ordered. The first that matches is used and counted down.</summary>
public sealed class Faults
{
    private readonly Lock _lock = new();
    private readonly List<(Fault Fault, int Left)> _faults = [];

    public void Add(Fault fault)
    {
        lock (_lock)
        {
            _faults.Add((fault, fault.Times));
        }
    }

    public void Clear()
    {
        lock (_lock)
        {
            _faults.Clear();
        }
    }

    internal Fault? Take(string method, string path)
    {
        lock (_lock)
        {
            var index = _faults.FindIndex(entry =>
                path.Contains(entry.Fault.Path, StringComparison.Ordinal) && (entry.Fault.Method ?? method) == method);
            if (index < 0)
            {
                return null;
            }

            var (fault, left) = _faults[index];
            if (left <= 1)
            {
                _faults.RemoveAt(index);
            }
            else
            {
                _faults[index] = (fault, left - 1);
            }

            return fault;
        }
    }
}
