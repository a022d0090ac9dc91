using System.Globalization;
using System.Text;

namespace Perb.Scheduler.Discovery;

/// <summary>
/// What the vzdump hook left in the spool: a hint that there is something to look at, never a fact. The format is the script's
/// (<c>packaging/hook/vzdump-hook</c>), and reading it is strict: exactly what that writes.
/// </summary>
public sealed record HookSpoolEvent
{
    public const string FirstLine = "perb-hook 1";
    public const string LastLine = "end";

    /// <summary><c>log-end</c>: archive and log are there. <c>job-end</c>, <c>job-abort</c>: the vzdump task is about to end.</summary>
    public required string Phase { get; init; }

    /// <summary>The process that runs the vzdump task.</summary>
    public required VzdumpWorker Worker { get; init; }

    public string? Mode { get; init; }

    public long? Guest { get; init; }

    public string? GuestType { get; init; }

    public string? HostName { get; init; }

    /// <summary>Absent with <c>--dumpdir</c>.</summary>
    public string? Storage { get; init; }

    /// <summary>Absent where the storage keeps no files (PBS, an external provider): not for Perb.</summary>
    public string? DumpDirectory { get; init; }

    /// <summary>A path only where there is a <see cref="DumpDirectory"/>. Of a guest that failed the archive is not there.</summary>
    public string? Target { get; init; }

    public string? LogFile { get; init; }

    /// <summary>What the script left out because it could have forged a line.</summary>
    public IReadOnlyList<string> Refused { get; init; } = [];

    /// <param name="content">The whole file. What is not UTF-8 in it reads as U+FFFD: such a path matches no archive.</param>
    /// <param name="found">The event.</param>
    /// <param name="fault">Why it is none, in a few words.</param>
    public static bool TryParse(ReadOnlySpan<byte> content, out HookSpoolEvent found, out string fault)
    {
        found = null!;
        var lines = Encoding.UTF8.GetString(content).Split('\n');
        if (lines is not [FirstLine, .. var pairs, LastLine, ""])
        {
            fault = $"it is no whole event ('{FirstLine}' to '{LastLine}')";
            return false;
        }

        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in pairs)
        {
            var at = line.IndexOf('=', StringComparison.Ordinal);
            if (at < 0
                || at == line.Length - 1
                || line.Any(IsAsciiControl)
                || !Keys.Contains(line[..at])
                || !values.TryAdd(line[..at], line[(at + 1)..]))
            {
                fault = "it holds a line that the hook does not write";
                return false;
            }
        }

        return TryRead(values, out found, out fault);
    }

    // C1 controls are bytes above 127 to the script, and harmless in a file; who prints a name cleans it.
    private static bool IsAsciiControl(char character) => character is < ' ' or '\u007f';

    private static readonly HashSet<string> Keys = new(StringComparer.Ordinal)
    {
        "phase", "mode", "vmid", "storeid", "dumpdir", "vmtype", "hostname", "target", "logfile", "refused", "pid", "started", "boot", "uptime",
    };

    private static bool TryRead(Dictionary<string, string> values, out HookSpoolEvent found, out string fault)
    {
        found = null!;
        fault = "it holds no phase, or a number that is none";
        if (!values.TryGetValue("phase", out var phase)
            || !TryNumber(values, "pid", out var pid)
            || pid is null
            || !TryNumber(values, "started", out var started)
            || !TryNumber(values, "vmid", out var guest))
        {
            return false;
        }

        fault = "";
        found = new HookSpoolEvent
        {
            Phase = phase,
            Worker = new VzdumpWorker(pid.Value, started),
            Mode = values.GetValueOrDefault("mode"),
            Guest = guest,
            GuestType = values.GetValueOrDefault("vmtype"),
            HostName = values.GetValueOrDefault("hostname"),
            Storage = values.GetValueOrDefault("storeid"),
            DumpDirectory = values.GetValueOrDefault("dumpdir"),
            Target = values.GetValueOrDefault("target"),
            LogFile = values.GetValueOrDefault("logfile"),
            Refused = values.GetValueOrDefault("refused")?.Split(' ') ?? [],
        };
        return true;
    }

    /// <summary>Absent is fine; false: it is there, and no number.</summary>
    private static bool TryNumber(Dictionary<string, string> values, string key, out long? number)
    {
        number = null;
        if (!values.TryGetValue(key, out var text))
        {
            return true;
        }

        var isNumber = long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value);
        number = value;
        return isNumber;
    }
}
