using System.Globalization;
using System.Text.RegularExpressions;

namespace Perb.Simulation.Tasks;

/// <summary>
/// A task's name: <c>UPID:node:pid:pstart:starttime:type:id:user:</c>. Hex is written upper case and read in either; the
/// trailing colon is required; the id may be empty (a vzdump task of several guests).
/// </summary>
internal sealed partial record Upid(string Node, long Pid, long ProcessStart, long StartSeconds, string Type, string Id, string User)
{
    /// <summary>The user without the token's name.</summary>
    public string UserName => User.Split('!')[0];

    public string? TokenName => User.Split('!') is [_, var token] ? token : null;

    /// <summary>Logs lie in folders by the last hex digit of the start time.</summary>
    public string LogFolder => (StartSeconds & 0xF).ToString("X", CultureInfo.InvariantCulture);

    public static Upid? Parse(string text)
    {
        var match = Pattern().Match(text);
        return !match.Success
            ? null
            : new Upid(
                match.Groups["node"].Value, Hex("pid"), Hex("pstart"), Hex("start"),
                match.Groups["type"].Value, match.Groups["id"].Value, match.Groups["user"].Value);

        long Hex(string name) => long.Parse(match.Groups[name].ValueSpan, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
    }

    public override string ToString() => $"UPID:{Node}:{Pid:X8}:{ProcessStart:X8}:{StartSeconds:X8}:{Type}:{Id}:{User}:";

    [GeneratedRegex(
        @"\AUPID:(?<node>[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?):(?<pid>[0-9A-Fa-f]{8}):(?<pstart>[0-9A-Fa-f]{8,9}):(?<start>[0-9A-Fa-f]{8}):(?<type>[^:\s/]+):(?<id>[^:\s/]*):(?<user>[^:\s/]+):\z",
        RegexOptions.ExplicitCapture)]
    private static partial Regex Pattern();
}
