using System.Globalization;
using CliWrap;
using CliWrap.Buffered;

namespace Perb.Benchmarks.Sealing;

/// <summary>
/// What sealing costs beside the programs that people know, all in one run and in turns, so that the machine's moods meet all alike:
/// once in memory (the cipher counts), once on a disk with a cold archive (the page cache counts).
/// </summary>
internal static class SealBenchmark
{
    private const long Gibibyte = 1 << 30;
    private const long HugeBytes = 20 * Gibibyte;

    public static async Task<Report> RunAsync(long sizeBytes, int rounds, DirectoryInfo disk, bool withHuge, CancellationToken cancellationToken)
    {
        var report = new Report($"seal: {sizeBytes >> 20} MiB that do not compress, {rounds} rounds in turns, medians");
        await CompareAsync(report, "memory", "/dev/shm", sizeBytes, rounds, withHuge, cancellationToken);
        await CompareAsync(report, "disk", disk.FullName, sizeBytes, rounds, withHuge: false, cancellationToken);
        foreach (var algorithm in new[] { "aes-256-cfb", "aes-256-cbc", "aes-256-ocb", "sha1", "sha256", "md5" })
        {
            report.Add($"limit: openssl speed {algorithm}", await SpeedAsync(algorithm, cancellationToken), "MiB/s");
        }

        return report;
    }

    private static async Task CompareAsync(
        Report report, string where, string directory, long sizeBytes, int rounds, bool withHuge, CancellationToken cancellationToken)
    {
        await using var files = await SealFiles.MakeAsync(directory, sizeBytes, cancellationToken);
        var contenders = Contender.All(files, await AgeRecipientAsync(cancellationToken));
        var runs = contenders.ToDictionary(contender => contender.Name, _ => new List<TimedRun>());
        var cached = new Dictionary<string, double>();
        for (var round = 1; round <= rounds; round++)
        {
            foreach (var contender in contenders)
            {
                Console.Error.WriteLine($"{where}, round {round} of {rounds}: {contender.Name}");
                await files.PrepareRunAsync(cancellationToken);
                runs[contender.Name].Add(await TimedRun.OfAsync(contender.Command, files.Environment, cancellationToken));
                cached[contender.Name] = await files.CachedMebibytesAsync(cancellationToken);
            }
        }

        var table = new SealTable(where, sizeBytes, runs.ToDictionary(entry => entry.Key, entry => TimedRun.MedianOf(entry.Value)), cached);
        table.AddTo(report);
        if (withHuge)
        {
            await AddHugeAsync(report, files, table.PeakOf(Contender.Mdc1), cancellationToken);
        }
    }

    private static async Task AddHugeAsync(Report report, SealFiles files, double smallPeak, CancellationToken cancellationToken)
    {
        Console.Error.WriteLine("memory: a sparse archive of 20 GiB");
        files.MakeSourceSparse(HugeBytes);
        await files.PrepareRunAsync(cancellationToken);
        var run = await TimedRun.OfAsync(
            Contender.Perb(files, "huge", "mdc", 2, "--discard").Command, files.Environment, cancellationToken);
        report.Add("peak RSS, Perb mdc, 20 GiB, 2 sealers", run.PeakMebibytes, "MiB", below: 128);
        report.Add("the same beside one sealer and the small archive", run.PeakMebibytes / smallPeak, "x", below: 1.25);
    }

    private static async Task<string> AgeRecipientAsync(CancellationToken cancellationToken)
    {
        var made = await Cli.Wrap("age-keygen").ExecuteBufferedAsync(cancellationToken);
        return made.StandardOutput.Split('\n').Single(line => line.StartsWith("# public key: ", StringComparison.Ordinal))["# public key: ".Length..];
    }

    private static async Task<double> SpeedAsync(string algorithm, CancellationToken cancellationToken)
    {
        var ended = await Cli.Wrap("openssl")
            .WithArguments(["speed", "-seconds", "1", "-bytes", "1048576", "-evp", algorithm])
            .ExecuteBufferedAsync(cancellationToken);
        var thousands = ended.StandardOutput.TrimEnd().Split(' ', StringSplitOptions.RemoveEmptyEntries)[^1].TrimEnd('k');
        return double.Parse(thousands, CultureInfo.InvariantCulture) * 1000 / (1 << 20);
    }
}
