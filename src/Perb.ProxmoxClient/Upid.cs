using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Perb.ProxmoxClient;

/// <summary>
/// The name of a task: <c>UPID:node:pid:pstart:starttime:type:id:user:</c>, numbers in hex. Facts: pve-common
/// PVE/UPID.pm decode; hex is read in either case, the id may be empty, the last colon is mandatory.
/// </summary>
public sealed partial record Upid
{
    private readonly string _text;

    private Upid(string text, GroupCollection parts)
    {
        _text = text;
        Node = parts["node"].Value;
        Pid = Hex(parts["pid"]);
        ProcessStart = Hex(parts["pstart"]);
        StartedAt = DateTimeOffset.FromUnixTimeSeconds(Hex(parts["starttime"]));
        Type = parts["type"].Value;
        Id = parts["id"].Value;
        User = parts["user"].Value;
    }

    public string Node { get; }

    public long Pid { get; }

    /// <summary>
    /// The process's start in clock ticks after boot; together with the pid it names a process for good.
    /// </summary>
    public long ProcessStart { get; }

    public DateTimeOffset StartedAt { get; }

    /// <summary>For instance <c>vzdump</c>.</summary>
    public string Type { get; }

    /// <summary>Of a vzdump task the VMID when it backs up a single guest, else empty.</summary>
    public string Id { get; }

    /// <summary><c>name@realm</c>, or <c>name@realm!token</c> for a task that a token started.</summary>
    public string User { get; }

    public static bool TryParse(string? text, [NotNullWhen(true)] out Upid? upid)
    {
        var match = text is null ? Match.Empty : Pattern().Match(text);
        upid = match.Success ? new Upid(text!, match.Groups) : null;
        return upid is not null;
    }

    /// <exception cref="FormatException">The text is not a UPID.</exception>
    public static Upid Parse(string text) =>
        TryParse(text, out var upid) ? upid : throw new FormatException($"'{ForeignText.OneLine(text)}' is not a UPID");

    /// <summary>The original text.</summary>
    public override string ToString() => _text;

    private static long Hex(Group digits) => long.Parse(digits.ValueSpan, NumberStyles.AllowHexSpecifier);

    [GeneratedRegex(
        @"^UPID:(?<node>[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?):(?<pid>[0-9A-Fa-f]{8}):(?<pstart>[0-9A-Fa-f]{8,9})"
        + @":(?<starttime>[0-9A-Fa-f]{8}):(?<type>[^:\s/]+):(?<id>[^:\s/]*):(?<user>[^:\s/]+):\z",
        RegexOptions.ExplicitCapture)]
    private static partial Regex Pattern();
}
