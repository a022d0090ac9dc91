using System.Globalization;
using CliWrap;
using Perb.Scheduler.Store;

namespace Perb.Benchmarks;

/// <summary>
/// How soon a whole archive is being sealed: from the call of the real hook, and from the poll that sees its task, until sealed bytes lie in
/// staging, by <c>perb run</c> beside a simulated node whose store is full. The remote is a local directory: one look at it before sealing is part of the time.
/// </summary>
internal static class LatencyBenchmark
{
    private const double MaxMilliseconds = 1_000;
    private const int WarmUpRounds = 2;
    private const int ArchiveBytes = 16 << 20;
    public static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(1);

    public static async Task<Report> RunAsync(Programs programs, int rounds, CancellationToken cancellationToken)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            throw new BenchmarkException("run it as root: the service believes events of root's alone");
        }

        Console.Error.WriteLine("Setting up…");
        var fromPoll = await PollLatency.MeasureAsync(programs, WarmUpRounds, rounds, cancellationToken);
        await using var installation = await Installation.SetUpAsync(programs, cancellationToken);
        var hook = HookBenchmark.Prepare(Path.GetDirectoryName(installation.Spool)!, installation.Spool);
        await using var perb = new RunningProgram(programs.Perb, ["--config", installation.ConfigurationFile, "run"], "is ready: ");
        await perb.AnnouncedAsync(Longest, cancellationToken);
        await IdleBenchmark.ReconciledAsync(installation, cancellationToken);
        var database = await Database.OpenForReadingAsync(installation.Settings.Options.StorePath, cancellationToken);
        var status = new StatusStore(database, TimeProvider.System);

        Console.Error.WriteLine($"Measuring {rounds} archives, found by the hook…");
        var (fromCall, fromEvent, fromRecord) = (new List<double>(), new List<double>(), new List<double>());
        for (var round = -WarmUpRounds; round < rounds; round++)
        {
            var seen = await OneAsync(installation, hook, status, 100 + WarmUpRounds + round, cancellationToken);
            if (round >= 0)
            {
                fromCall.Add(seen.FromCall.TotalMilliseconds);
                fromEvent.Add(seen.FromEvent.TotalMilliseconds);
                fromRecord.Add(seen.FromRecord.TotalMilliseconds);
            }
        }

        var report = new Report(
            $"latency: {rounds} archives, one after the other; {NodePopulation.GuestCount} guests and {NodePopulation.ArchiveCount} archives known");
        Add(report, "from the hook's call to sealed bytes in staging", fromCall, MaxMilliseconds);
        Add(report, "of it, from the event in the spool", fromEvent, MaxMilliseconds);
        Add(report, "of it, from the record in the store", fromRecord, MaxMilliseconds);
        Add(report, "without the hook, from the start of the poll that sees the task", fromPoll, MaxMilliseconds);
        return report;
    }

    private static void Add(Report report, string what, List<double> milliseconds, double below)
    {
        report.Add($"{what}: median", new Distribution(milliseconds).Median, "ms", below);
        report.Add($"{what}: most", milliseconds.Max(), "ms", below);
    }

    private static async Task<(TimeSpan FromCall, TimeSpan FromEvent, TimeSpan FromRecord)> OneAsync(
        Installation installation, string hook, StatusStore status, int guest, CancellationToken cancellationToken)
    {
        var (archive, remoteName) = AddArchive(installation, guest);
        var eventCount = Directory.EnumerateFiles(installation.Spool, "*.event").Count();
        var began = TimeProvider.System.GetTimestamp();
        var calling = Cli.Wrap(hook)
            .WithArguments(["log-end", "snapshot", $"{guest}"])
            .WithEnvironmentVariables(new Dictionary<string, string?>
            {
                ["STOREID"] = NodePopulation.StorageNames[0],
                ["DUMPDIR"] = installation.DumpDirectory,
                ["TARGET"] = archive,
                ["PERB_HOOK_CONF"] = Path.Combine(installation.Spool, "..", "no-hook.conf"),
            })
            .ExecuteAsync(cancellationToken);
        await UntilAsync("event", began, () => Directory.EnumerateFiles(installation.Spool, "*.event").Count() > eventCount, cancellationToken);
        var written = TimeProvider.System.GetElapsedTime(began);
        await UntilSealedAsync(installation, remoteName, began, cancellationToken);
        var (now, sealedAt) = (TimeProvider.System.GetUtcNow(), TimeProvider.System.GetElapsedTime(began));
        await calling;

        await UntilCopiedAsync(installation, remoteName, began, cancellationToken);
        var backup = (await status.ListAsync(null, guest, cancellationToken)).Single(backup => backup.RemoteName == remoteName);
        return (sealedAt, sealedAt - written, now - backup.DiscoveredAt);
    }

    public static Task UntilSealedAsync(Installation installation, string remoteName, long began, CancellationToken cancellationToken) => UntilAsync(
        "sealed byte",
        began,
        () => Directory.Exists(installation.Staging)
            && new DirectoryInfo(installation.Staging).EnumerateFiles($"{remoteName}*").Any(file => file is { Exists: true, Length: > 0 }),
        cancellationToken);

    public static Task UntilCopiedAsync(Installation installation, string remoteName, long began, CancellationToken cancellationToken) => UntilAsync(
        "copy", began, () => File.Exists(Path.Combine(installation.RemoteDirectory, $"{remoteName}.sums")), cancellationToken);

    public static (string Path, string RemoteName) AddArchive(Installation installation, int guest)
    {
        var time = TimeProvider.System.GetUtcNow().UtcDateTime;
        var stem = string.Create(CultureInfo.InvariantCulture, $"vzdump-qemu-{guest}-{time:yyyy_MM_dd-HH_mm_ss}");
        var path = Path.Combine(installation.DumpDirectory, $"{stem}.vma.zst");
        var content = new byte[ArchiveBytes];
        System.Security.Cryptography.RandomNumberGenerator.Fill(content);
        File.WriteAllBytes(path + ".dat", content);
        File.WriteAllText(Path.Combine(installation.DumpDirectory, $"{stem}.log"), "INFO: Finished Backup\n");
#pragma warning disable RS0030 // As vzdump does it; no staged file of ours.
        File.Move(path + ".dat", path);
#pragma warning restore RS0030
        return (path, stem["vzdump-qemu-".Length..]);
    }

    private static async Task UntilAsync(string what, long began, Func<bool> isThere, CancellationToken cancellationToken)
    {
        while (!isThere())
        {
            if (TimeProvider.System.GetElapsedTime(began) > Longest)
            {
                throw new BenchmarkException($"there was no {what} within {Longest}");
            }

            await Task.Delay(BetweenLooks, TimeProvider.System, cancellationToken);
        }
    }
}
