using System.Globalization;

namespace Perb.Benchmarks;

/// <summary>One plain table: what was measured, the value, and the goal where there is one.</summary>
internal sealed class Report(string title)
{
    private readonly List<(string What, string Value, string Goal)> _rows = [];
    private readonly List<(IReadOnlyList<string> Head, IReadOnlyList<IReadOnlyList<string>> Rows)> _tables = [];

    public bool IsMet { get; private set; } = true;

    public void Add(string what, double value, string unit, double? below = null)
    {
        IsMet &= below is null || value < below;
        var goal = below is null ? "" : FormattableString.Invariant($"< {below} {unit}: {(value < below ? "met" : "MISSED")}");
        _rows.Add((what, Text(value, unit), goal));
    }

    public void AddAtLeast(string what, double value, string unit, double least)
    {
        IsMet &= value >= least;
        _rows.Add((what, Text(value, unit), FormattableString.Invariant($">= {least} {unit}: {(value >= least ? "met" : "MISSED")}")));
    }

    public void AddAtMost(string what, double value, string unit, double most)
    {
        IsMet &= value <= most;
        _rows.Add((what, Text(value, unit), FormattableString.Invariant($"<= {most:0.0##} {unit}: {(value <= most ? "met" : "MISSED")}")));
    }

    /// <summary>Things side by side, before the single numbers; the first column is text, the others are numbers.</summary>
    public void AddTable(IReadOnlyList<string> head, IReadOnlyList<IReadOnlyList<string>> rows) => _tables.Add((head, rows));

    public void Print(string command)
    {
        var width = _rows.Max(row => row.What.Length);
        Console.WriteLine($"{title}");
        Console.WriteLine($"{Environment.ProcessorCount} CPUs, load {Load()}");
        Console.WriteLine();
        foreach (var (head, rows) in _tables)
        {
            Print([head, .. rows]);
        }

        foreach (var (what, value, goal) in _rows)
        {
            Console.WriteLine($"  {what.PadRight(width)}  {value,14}  {goal}".TrimEnd());
        }

        Console.WriteLine();
        Console.WriteLine($"Again: {command}");
    }

    private static void Print(IReadOnlyList<IReadOnlyList<string>> rows)
    {
        var widths = Enumerable.Range(0, rows[0].Count).Select(column => rows.Max(row => row[column].Length)).ToList();
        foreach (var row in rows)
        {
            Console.WriteLine("  " + string.Join("  ", row.Select((cell, column) => column == 0 ? cell.PadRight(widths[0]) : cell.PadLeft(widths[column]))));
        }

        Console.WriteLine();
    }

    private static string Text(double value, string unit) => $"{value.ToString("0.0##", CultureInfo.InvariantCulture)} {unit}";

    // Wall times mean little where this is far above the number of CPUs.
    private static string Load() => File.ReadAllText("/proc/loadavg").Split(' ')[0];
}
