using Perb.Scheduler.Store;

namespace Perb.Benchmarks;

/// <summary>What the service takes from the guests' CPU and memory when there is nothing to ship, which is nearly always.</summary>
internal static class IdleBenchmark
{
    private const double MaxCpuSecondsPerHour = 20;
    private const double MaxRssMib = 100;
    private const double DayInMinutes = 48;

    /// <summary>After this, the start's own work (compiling, first reconcile) is over.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(3);
    private const int SamplesToAScrape = 3;

    private static readonly TimeSpan BetweenSamples = TimeSpan.FromSeconds(5);

    /// <param name="programs">What runs.</param>
    /// <param name="minutes">How long.</param>
    /// <param name="isServed">With its page, which is scraped every quarter of a minute.</param>
    /// <param name="isDay">All rounds of a day in 48 minutes: what is asked is whether memory grows.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<Report> RunAsync(Programs programs, double minutes, bool isServed, bool isDay, CancellationToken cancellationToken)
    {
        Console.Error.WriteLine("Setting up…");
        await using var installation = await Installation.SetUpAsync(programs, cancellationToken);
        var page = isServed ? installation.ServePage() : null;
        if (isDay)
        {
            installation.Hasten();
            minutes = DayInMinutes;
        }

        using var scraper = new HttpClient();
        await using var perb = new RunningProgram(programs.Perb, ["--config", installation.ConfigurationFile, "run"], "is ready: ");
        await perb.AnnouncedAsync(StartLimit, cancellationToken);
        await ReconciledAsync(installation, cancellationToken);
        await WaitAsync(Settling, cancellationToken);
        if (page is not null)
        {
            await scraper.GetByteArrayAsync(new Uri(page, "metrics"), cancellationToken); // the first one compiles
        }

        Console.Error.WriteLine(FormattableString.Invariant($"Measuring process {perb.ProcessId} for {minutes} min…"));
        var began = TimeProvider.System.GetTimestamp();
        var before = ProcessUse.Of(perb.ProcessId);
        var rssKib = new List<double> { before.RssKib };
        var scrapes = 0;
        while (TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromMinutes(minutes))
        {
            if (page is not null && rssKib.Count % SamplesToAScrape == 0)
            {
                await scraper.GetByteArrayAsync(new Uri(page, "metrics"), cancellationToken);
                scrapes++;
            }

            await WaitAsync(BetweenSamples, cancellationToken);
            rssKib.Add(ProcessUse.Of(perb.ProcessId).RssKib);
        }

        var after = ProcessUse.Of(perb.ProcessId);
        var hours = TimeProvider.System.GetElapsedTime(began).TotalHours;
        RefuseIfItWorked(perb.Output);

        var report = new Report(
            $"idle: perb run, {(isDay ? "the rounds of a day in 48 minutes" : "poll every 30 s")}, {NodePopulation.GuestCount} guests, {NodePopulation.StorageNames.Count} storages, "
            + $"{NodePopulation.ArchiveCount} archives");
        report.Add("CPU per hour, user and system", (after.Cpu - before.Cpu).TotalSeconds / hours, "s", isServed || isDay ? null : MaxCpuSecondsPerHour);
        report.Add("CPU per hour of its child processes", (after.ChildrenCpu - before.ChildrenCpu).TotalSeconds / hours, "s");
        report.Add("RSS, most seen while measuring", rssKib.Max() / 1024, "MiB", isServed ? null : MaxRssMib);
        report.Add("RSS, median of the first tenth", new Distribution(rssKib.Take(1 + (rssKib.Count / 10))).Median / 1024, "MiB");
        report.Add("RSS, median of the last tenth", new Distribution(rssKib.TakeLast(1 + (rssKib.Count / 10))).Median / 1024, "MiB");
        report.Add("RSS, median", new Distribution(rssKib).Median / 1024, "MiB");
        report.Add("RSS, of it mapped files", after.RssFileKib / 1024.0, "MiB");
        report.Add("RSS, peak since the start", after.PeakRssKib / 1024.0, "MiB");
        report.Add("CPU from the start until measuring", before.Cpu.TotalSeconds, "s");
        if (page is not null)
        {
            report.Add("scrapes meanwhile", scrapes, "");
        }

        report.Add("measured for", hours * 60, "min");
        return report;
    }

    public static async Task ReconciledAsync(Installation installation, CancellationToken cancellationToken)
    {
        var database = await Database.OpenForReadingAsync(installation.Settings.Options.StorePath, cancellationToken);
        var status = new StatusStore(database, TimeProvider.System);
        using var limit = new CancellationTokenSource(StartLimit);
        while (await status.TimeOfAsync("last reconcile", cancellationToken) is null)
        {
            if (limit.IsCancellationRequested)
            {
                throw new BenchmarkException("the service did not reconcile");
            }

            await WaitAsync(TimeSpan.FromSeconds(1), cancellationToken);
        }
    }

    // A service that ships, or that cannot reach the node, is not idle: its numbers would answer another question.
    private static void RefuseIfItWorked(string output)
    {
        string[] signs = ["Trouble", "Discovered", "Published", " ERR "];
        if (signs.FirstOrDefault(sign => output.Contains(sign, StringComparison.Ordinal)) is { } word)
        {
            throw new BenchmarkException($"the service was not idle ('{word.Trim()}'):\n{output}");
        }
    }

    private static Task WaitAsync(TimeSpan time, CancellationToken cancellationToken) =>
        Task.Delay(time, TimeProvider.System, cancellationToken);
}
