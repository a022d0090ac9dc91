using System.Globalization;

namespace Perb.ProxmoxClient;

/// <summary>How a task ended, in the classes that Proxmox itself uses for its status filter.</summary>
public enum TaskExitKind
{
    Ok,

    /// <summary>It did its work and had something to say: a success.</summary>
    Warnings,
    Error,

    /// <summary>The worker was killed, or its end could not be read.</summary>
    Unknown,
}

/// <summary>
/// The end of a finished task. An error of a vzdump task says nothing about each guest: <c>job errors</c> may have left
/// good archives. Facts: pve-common PVE/UPID.pm, <c>unexpected status</c> and nothing at all are unknown, other text is
/// an error.
/// </summary>
public sealed record TaskExitStatus
{
    private const string WarningsPrefix = "WARNINGS: ";

    private TaskExitStatus(TaskExitKind kind, string text, int warnings = 0) =>
        (Kind, Text, Warnings) = (kind, text, warnings);

    public TaskExitKind Kind { get; }

    /// <summary>The node's own words; of an error the whole message, which is foreign text.</summary>
    public string Text { get; }

    /// <summary>Number of warnings, 0 unless <see cref="Kind"/> is <see cref="TaskExitKind.Warnings"/>.</summary>
    public int Warnings { get; }

    public bool IsSuccess => Kind is TaskExitKind.Ok or TaskExitKind.Warnings;

    public static TaskExitStatus Parse(string? text) => text switch
    {
        "OK" => new(TaskExitKind.Ok, text),
        null or "" or "unexpected status" => new(TaskExitKind.Unknown, text ?? ""),
        _ when text.StartsWith(WarningsPrefix, StringComparison.Ordinal)
            && int.TryParse(text.AsSpan(WarningsPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            => new(TaskExitKind.Warnings, text, count),
        _ => new(TaskExitKind.Error, text),
    };

    public override string ToString() => Text;
}
