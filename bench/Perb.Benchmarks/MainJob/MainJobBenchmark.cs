using System.Globalization;
using Perb.Benchmarks.Sealing;

namespace Perb.Benchmarks.MainJob;

/// <summary>
/// The whole main job, from archives that nobody knows of to copies that are proven, beside the pipeline of PERB and the same without gpg's
/// compression: the same files, the same remote (a directory), in turns.
/// </summary>
internal static class MainJobBenchmark
{
    private const string Own = "perb once";
    private const string OwnTwo = "perb once, 2 sealers, 2 uploads";
    private const string Ancestor = "PERB: tar | gpg, rclone, hashes";
    private const string AncestorPlain = "the same, gpg -z0";

    // PERB's steps, one archive after the other: encrypt into a file, copy it, compare the hashes of both sides, remove it.
    private const string Script = """
        set -eo pipefail
        dump=$1 output=$2 remote=$3 configuration=$4
        shift 4
        for archive in "$dump"/*.zst; do
            name=${archive##*/}
            tar -C "$dump" -cf - "$name" "${name%%.*}.log" "$name.notes" | "$@" > "$output/$name.gpg"
            rclone --config "$configuration" copyto "$output/$name.gpg" "$remote/$name.gpg"
            here=$(sha256sum "$output/$name.gpg")
            there=$(rclone --config "$configuration" hashsum sha256 "$remote/$name.gpg")
            [ "${here%% *}" = "${there%% *}" ]
            rm "$output/$name.gpg"
        done
        """;

    public static async Task<Report> RunAsync(
        Programs programs, long sizeBytes, int archives, int rounds, DirectoryInfo disk, CancellationToken cancellationToken)
    {
        Console.Error.WriteLine("Setting up…");
        await using var site = await Site.MakeAsync(disk.FullName, archives, sizeBytes / archives, cancellationToken);
        IReadOnlyList<string> gpg = ["gpg", "--batch", "--quiet", "--trust-model", "always", "--recipient", site.Fingerprint, "--encrypt"];
        (string Name, Action Prepare, IReadOnlyList<string> Command)[] contenders =
        [
            (Own, () => site.Configure(), [programs.Perb, "--config", site.ConfigurationFile, "once"]),
            (OwnTwo, () => site.Configure(sealers: 2, uploads: 2), [programs.Perb, "--config", site.ConfigurationFile, "once"]),
            (Ancestor, () => { }, Piped(site, gpg)),
            (AncestorPlain, () => { }, Piped(site, [.. gpg, "--compress-algo", "none"])),
        ];
        var runs = contenders.ToDictionary(contender => contender.Name, _ => new List<TimedRun>());
        for (var round = 1; round <= rounds; round++)
        {
            foreach (var (name, prepare, command) in contenders)
            {
                Console.Error.WriteLine($"round {round} of {rounds}: {name}");
                await site.PrepareRunAsync(cancellationToken);
                prepare();
                runs[name].Add(await TimedRun.OfAsync(command, site.Environment, cancellationToken));
                RequireCopies(site, archives);
            }
        }

        return ReportOf(sizeBytes, archives, rounds, runs.ToDictionary(run => run.Key, run => TimedRun.MedianOf(run.Value)));
    }

    private static Report ReportOf(long sizeBytes, int archives, int rounds, Dictionary<string, TimedRun> medians)
    {
        var report = new Report($"mainjob: {sizeBytes >> 20} MiB that do not compress in {archives} archives, {rounds} round(s) in turns, medians");
        var mebibytes = sizeBytes / (double)(1 << 20);
        report.AddTable(
            ["discovered to proven", "wall s", "MiB/s", "CPU s", "peak MiB"],
            [.. medians.Select(run => (IReadOnlyList<string>)
            [
                run.Key, Number(run.Value.WallSeconds, "0.0"), Number(mebibytes / run.Value.WallSeconds, "0"), Number(run.Value.CpuSeconds, "0.0"),
                Number(run.Value.PeakMebibytes, "0"),
            ])]);
        foreach (var own in (string[])[Own, OwnTwo])
        {
            report.AddAtLeast($"{own}: wall, beside PERB's pipeline", medians[Ancestor].WallSeconds / medians[own].WallSeconds, "x", 6);
            report.AddAtLeast($"{own}: wall, beside the same with gpg -z0", medians[AncestorPlain].WallSeconds / medians[own].WallSeconds, "x", 1.3);
            report.Add($"{own}: CPU, of PERB's pipeline", medians[own].CpuSeconds / medians[Ancestor].CpuSeconds, "x");
            report.Add($"{own}: CPU, of the same with gpg -z0", medians[own].CpuSeconds / medians[AncestorPlain].CpuSeconds, "x");
        }

        return report;
    }

    private static IReadOnlyList<string> Piped(Site site, IReadOnlyList<string> encrypt) =>
        ["bash", "-c", Script, "bash", site.Dump, site.Output, $"offsite:{site.Remote}", site.RcloneConfiguration, .. encrypt];

    private static void RequireCopies(Site site, int archives)
    {
        var copies = Directory.EnumerateFiles(site.Remote).Count(file => file.EndsWith(".sums", StringComparison.Ordinal) || file.EndsWith(".gpg", StringComparison.Ordinal));
        if (copies != archives)
        {
            throw new BenchmarkException($"there are {copies} copies of {archives} archives");
        }
    }

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
