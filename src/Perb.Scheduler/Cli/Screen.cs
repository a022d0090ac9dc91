using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Perb.Scheduler.Observability;
using Perb.Transfer;
using Spectre.Console;

namespace Perb.Scheduler.Cli;

/// <summary>How the commands print: plain tables that survive pipes, foreign text made harmless.</summary>
internal static class Screen
{
    /// <summary>A pipe has no edge: who reads line by line gets whole ones.</summary>
    public const int WidthWithoutTerminal = 1000;

    public static IAnsiConsole Open()
    {
        var console = AnsiConsole.Console;
        if (Console.IsOutputRedirected)
        {
            console.Profile.Width = WidthWithoutTerminal;
        }

        return console;
    }

    public static Table Table(params string[] columns)
    {
        var table = new Table().Border(TableBorder.Simple);
        foreach (var column in columns)
        {
            table.AddColumn(new TableColumn(new Text(column)).NoWrap());
        }

        return table;
    }

    /// <summary>Past <see cref="Console.Out"/>, which writes 256 bytes at a time: a list of years is tens of MiB.</summary>
    public static void WriteJson<T>(T document, JsonTypeInfo<T> type)
    {
        using var output = Console.OpenStandardOutput();
        JsonSerializer.Serialize(output, document, type);
        output.Write("\n"u8);
    }

    public static IEnumerable<Text> Cells(params string[] texts) => texts.Select(text => new Text(Line(text)));

    public static string Line(string text) => Printable.Clean(text, 1000);

    /// <summary>How a command ends that could not do what it was asked: one line for each reason.</summary>
    public static async Task<ExitCode> SayAsync(ExitCode code, params IReadOnlyList<string> lines)
    {
        foreach (var line in lines)
        {
            await Console.Error.WriteLineAsync($"perb: {Printable.Clean(line, 2000)}");
        }

        return code;
    }

    public static string Time(DateTimeOffset? instant, TimeZoneInfo zone) => instant is { } known ? LocalTime.InWords(known, zone) : "never";
}
