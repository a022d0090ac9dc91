using System.Globalization;
using CliWrap;
using CliWrap.Buffered;

namespace Perb.Benchmarks.Sealing;

/// <summary>
/// What a command and all its children used, by GNU time: user and system CPU, and the largest memory of any of them. (Started from here,
/// a child would inherit this program's own size as its peak.)
/// </summary>
internal sealed record TimedRun(double WallSeconds, double CpuSeconds, double PeakMebibytes)
{
    private const string Time = "/usr/bin/time";

    public static async Task<TimedRun> OfAsync(
        IReadOnlyList<string> command, IReadOnlyDictionary<string, string?> environment, CancellationToken cancellationToken)
    {
        var began = TimeProvider.System.GetTimestamp();
        var ended = await Cli.Wrap(Time)
            .WithArguments(["--quiet", "--format", "%U %S %M", .. command])
            .WithEnvironmentVariables(environment)
            .WithValidation(CommandResultValidation.None)
            .ExecuteBufferedAsync(cancellationToken);
        var wall = TimeProvider.System.GetElapsedTime(began).TotalSeconds;
        if (ended.ExitCode != 0)
        {
            throw new BenchmarkException($"{string.Join(' ', command.Take(4))}… ended with {ended.ExitCode}: {ended.StandardError.Trim()}");
        }

        // The last line is time's; what the command itself said precedes it.
        var numbers = ended.StandardError.TrimEnd().Split('\n')[^1].Split(' ').Select(text => double.Parse(text, CultureInfo.InvariantCulture)).ToList();
        return new TimedRun(wall, numbers[0] + numbers[1], numbers[2] / 1024);
    }

    /// <summary>Each number's own median.</summary>
    public static TimedRun MedianOf(IReadOnlyList<TimedRun> runs) => new(
        new Distribution(runs.Select(run => run.WallSeconds)).Median,
        new Distribution(runs.Select(run => run.CpuSeconds)).Median,
        new Distribution(runs.Select(run => run.PeakMebibytes)).Median);
}
