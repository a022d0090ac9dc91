using System.Diagnostics;

namespace Perb.Benchmarks;

/// <summary>
/// How long vzdump waits for a call of the hook: from its start until it has ended and both pipes are closed. Beside it what starting any
/// program, and any shell, costs here, which is most of it.
/// </summary>
internal static class HookBenchmark
{
    private const double MaxMilliseconds = 10;
    private const int WarmUpRounds = 3;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestUntilWritten = TimeSpan.FromSeconds(10);

    public static async Task<Report> RunAsync(int rounds, CancellationToken cancellationToken)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            throw new BenchmarkException("run it as root: the hook takes a spool and a configuration from root alone");
        }

        var folder = Directory.CreateTempSubdirectory("perb-bench-hook-");
        try
        {
            return await MeasureAsync(folder.FullName, rounds, cancellationToken);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<Report> MeasureAsync(string folder, int rounds, CancellationToken cancellationToken)
    {
        var spool = Directory.CreateDirectory(Path.Combine(folder, "spool")).FullName;
        var hook = Prepare(folder, spool);
        var chained = Path.Combine(folder, "chained.conf");
        File.WriteAllText(chained, $"SPOOL={spool}\nCHAIN=/bin/true\n");
        var plain = Path.Combine(folder, "plain.conf");
        File.WriteAllText(plain, $"# the defaults\nSPOOL={spool}\nWAIT=0\n");
        var none = Path.Combine(folder, "none.conf");

        var cases = new List<Call>
        {
            new("/bin/true, to compare", [], none, "/bin/true", null),
            new("/bin/sh -c :, to compare", ["-c", ":"], none, "/bin/sh", null),
        };
        foreach (var (word, configuration) in new[] { ("without hook.conf", none), ("with hook.conf", plain), ("with CHAIN=/bin/true", chained) })
        {
            cases.Add(new Call($"job-start, {word}", ["job-start"], configuration, hook, null));
            cases.Add(new Call($"backup-end, {word}", ["backup-end", "snapshot", "100"], configuration, hook, null));
            cases.Add(new Call($"log-end, {word}", ["log-end", "snapshot", "100"], configuration, hook, spool));
            cases.Add(new Call($"job-end, {word}", ["job-end"], configuration, hook, spool));
        }

        Console.Error.WriteLine($"Measuring {cases.Count} kinds of calls, {rounds} of each…");
        for (var round = -WarmUpRounds; round < rounds; round++)
        {
            foreach (var call in cases)
            {
                await Task.Delay(Pause, TimeProvider.System, cancellationToken);
                await call.RunAsync(round >= 0, cancellationToken);
            }
        }

        var report = new Report($"hook: {rounds} calls of each kind, as vzdump makes them");
        foreach (var call in cases)
        {
            call.AddTo(report);
        }

        return report;
    }

    /// <summary>A copy that has its spool elsewhere: without a configuration nothing else names one.</summary>
    public static string Prepare(string folder, string spool)
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (root is not null && !File.Exists(Path.Combine(root.FullName, "Perb.sln")))
        {
            root = root.Parent;
        }

        var text = File.ReadAllText(Path.Combine(root?.FullName ?? ".", "packaging", "hook", "vzdump-hook"));
        var path = Path.Combine(folder, "vzdump-hook");
        File.WriteAllText(path, text.Replace("\nspool=/var/spool/perb\n", $"\nspool={spool}\n", StringComparison.Ordinal));
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return path;
    }

    /// <param name="name">In the report.</param>
    /// <param name="arguments">Those of vzdump.</param>
    /// <param name="configuration">The hook's.</param>
    /// <param name="program">The hook, or what it is compared with.</param>
    /// <param name="spool">Where the call leaves an event; null: it leaves none.</param>
    private sealed class Call(string name, string[] arguments, string configuration, string program, string? spool)
    {
        private readonly List<double> _milliseconds = [];
        private readonly List<double> _untilWritten = [];

        public async Task RunAsync(bool counts, CancellationToken cancellationToken)
        {
            var start = new ProcessStartInfo(program, arguments)
            {
                UseShellExecute = false,
                WorkingDirectory = "/",
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            start.Environment.Clear();
            foreach (var (variable, value) in Variables())
            {
                start.Environment[variable] = value;
            }

            var began = TimeProvider.System.GetTimestamp();
            using var process = Process.Start(start)!;
            process.StandardInput.Close();
            var said = await process.StandardOutput.ReadToEndAsync(cancellationToken) + await process.StandardError.ReadToEndAsync(cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            var took = TimeProvider.System.GetElapsedTime(began);
            if (process.ExitCode != 0 || said.Length > 0)
            {
                throw new BenchmarkException($"{name} ended with {process.ExitCode}: {said}");
            }

            var written = spool is null ? took : await WrittenAsync(spool, began, cancellationToken);
            if (counts)
            {
                _milliseconds.Add(took.TotalMilliseconds);
                _untilWritten.Add(written.TotalMilliseconds);
            }
        }

        public void AddTo(Report report)
        {
            double? goal = program.EndsWith("vzdump-hook", StringComparison.Ordinal) ? MaxMilliseconds : null;
            report.Add($"{name}: median", new Distribution(_milliseconds).Median, "ms", goal);
            report.Add($"{name}: 95th percentile", new Distribution(_milliseconds).P95, "ms", goal);
            if (spool is not null)
            {
                report.Add($"{name}: until the event is there, median", new Distribution(_untilWritten).Median, "ms");
            }
        }

        private async Task<TimeSpan> WrittenAsync(string spool, long began, CancellationToken cancellationToken)
        {
            while (Directory.EnumerateFiles(spool, "*.event").FirstOrDefault() is not { } file)
            {
                if (TimeProvider.System.GetElapsedTime(began) > LongestUntilWritten)
                {
                    throw new BenchmarkException($"{name} left no event");
                }

                await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, cancellationToken);
            }

            var written = TimeProvider.System.GetElapsedTime(began);
            foreach (var path in Directory.EnumerateFiles(spool))
            {
                File.Delete(path);
            }

            return written;
        }

        private Dictionary<string, string> Variables() => new()
        {
            ["LC_ALL"] = "C",
            ["LVM_SUPPRESS_FD_WARNINGS"] = "1",
            ["STOREID"] = "local",
            ["DUMPDIR"] = "/var/lib/vz/dump",
            ["VMTYPE"] = "qemu",
            ["HOSTNAME"] = "web",
            ["TARGET"] = "/var/lib/vz/dump/vzdump-qemu-100-2026_11_20-02_00_01.vma.zst",
            ["LOGFILE"] = "/var/lib/vz/dump/vzdump-qemu-100-2026_11_20-02_00_01.log",
            ["PERB_HOOK_CONF"] = configuration,
        };
    }
}
