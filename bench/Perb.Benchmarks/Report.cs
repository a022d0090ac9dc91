using System.Globalization;

namespace Perb.Benchmarks;

/// <summary>One plain table: what was measured, the value, and the goal where there is one.</summary>
internal sealed class Report(string title)
{
    private readonly List<(string What, string Value, string Goal)> _rows = [];

    public bool IsMet { get; private set; } = true;

    public void Add(string what, double value, string unit, double? below = null)
    {
        IsMet &= below is null || value < below;
        var goal = below is null ? "" : FormattableString.Invariant($"< {below} {unit}: {(value < below ? "met" : "MISSED")}");
        _rows.Add((what, $"{value.ToString("0.0##", CultureInfo.InvariantCulture)} {unit}", goal));
    }

    public void Print(string command)
    {
        var width = _rows.Max(row => row.What.Length);
        Console.WriteLine($"{title}");
        Console.WriteLine($"{Environment.ProcessorCount} CPUs, load {Load()}");
        Console.WriteLine();
        foreach (var (what, value, goal) in _rows)
        {
            Console.WriteLine($"  {what.PadRight(width)}  {value,14}  {goal}".TrimEnd());
        }

        Console.WriteLine();
        Console.WriteLine($"Again: {command}");
    }

    // Wall times mean little where this is far above the number of CPUs.
    private static string Load() => File.ReadAllText("/proc/loadavg").Split(' ')[0];
}
