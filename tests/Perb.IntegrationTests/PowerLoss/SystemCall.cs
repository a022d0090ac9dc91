using System.Globalization;
using System.Text.RegularExpressions;

namespace Perb.IntegrationTests.PowerLoss;

/// <summary>One call in a trace of <c>strace -f -y</c>. It happened somewhere between two lines of the trace.</summary>
/// <param name="Name">Such as <c>fsync</c>.</param>
/// <param name="Arguments">As strace prints them, with the path behind each descriptor.</param>
/// <param name="Succeeded">False also where the program was killed before it returned.</param>
/// <param name="Begin">The line where it begins.</param>
/// <param name="End">The line where it returns.</param>
internal sealed partial record SystemCall(string Name, string Arguments, bool Succeeded, int Begin, int End)
{
    /// <summary>What the first argument, a descriptor, leads to.</summary>
    public string Path => Descriptor().Match(Arguments) is { Success: true } match ? match.Groups[1].Value : "";

    public static IReadOnlyList<SystemCall> Parse(IReadOnlyList<string> trace)
    {
        var calls = new List<SystemCall>();
        var begun = new Dictionary<(string Process, string Name), (string Arguments, int Line)>();
        for (var line = 0; line < trace.Count; line++)
        {
            if (Unfinished().Match(trace[line]) is { Success: true } unfinished)
            {
                begun[(unfinished.Groups[1].Value, unfinished.Groups[2].Value)] = (unfinished.Groups[3].Value, line);
            }
            else if (Resumed().Match(trace[line]) is { Success: true } resumed
                && begun.Remove((resumed.Groups[1].Value, resumed.Groups[2].Value), out var call))
            {
                calls.Add(new SystemCall(resumed.Groups[2].Value, call.Arguments + resumed.Groups[3].Value, IsSuccess(resumed.Groups[4]), call.Line, line));
            }
            else if (Killed().Match(trace[line]) is { Success: true } killed)
            {
                foreach (var cut in begun.Keys.Where(key => key.Process == killed.Groups[1].Value).ToList())
                {
                    begun.Remove(cut, out var last);
                    calls.Add(new SystemCall(cut.Name, last.Arguments, Succeeded: false, last.Line, line));
                }
            }
            else if (Whole().Match(trace[line]) is { Success: true } whole)
            {
                calls.Add(new SystemCall(whole.Groups[2].Value, whole.Groups[3].Value, IsSuccess(whole.Groups[4]), line, line));
            }
        }

        return [.. calls.OrderBy(call => call.Begin)];
    }

    private static bool IsSuccess(Group result) => int.TryParse(result.Value, CultureInfo.InvariantCulture, out var value) && value >= 0;

    [GeneratedRegex(@"\A[0-9]+<([^>]*)>")]
    private static partial Regex Descriptor();

    [GeneratedRegex(@"\A([0-9]+) +(\w+)\((.*?) *<unfinished \.\.\.>\z")]
    private static partial Regex Unfinished();

    [GeneratedRegex(@"\A([0-9]+) +\+\+\+ killed by ")]
    private static partial Regex Killed();

    [GeneratedRegex(@"\A([0-9]+) +<\.\.\. (\w+) resumed>(.*)\) += (-?[0-9]+|\?)")]
    private static partial Regex Resumed();

    [GeneratedRegex(@"\A([0-9]+) +(\w+)\((.*)\) += (-?[0-9]+|\?)")]
    private static partial Regex Whole();
}
