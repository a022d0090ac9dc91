using System.CommandLine;
using System.Globalization;
using CliWrap;
using Perb.Benchmarks.Sealing;
using Perb.Transfer.Keys;
using Perb.Transfer.Manifests;
using Perb.Transfer.Sealing;
using Command = System.CommandLine.Command;

namespace Perb.Benchmarks.Restoring;

/// <summary>
/// What <c>perb restore</c> costs beside the line of the README, on the same volumes in one run and in turns: read where they are, and fetched
/// first. Once in memory (the ciphers count), once on a disk with cold volumes.
/// </summary>
internal static class RestoreBenchmark
{
    private const string Name = "100-2026_11_20-02_00_01";
    private const int Volumes = 4;
    private const string Line = "gpg -d | tar -x";
    private const string Checked = "cksum, gpg -d | tar -x";
    private const string Fetched = "rclone, cksum, gpg -d | tar -x";
    private const string Perb = "perb restore";
    private const string PerbFetched = "perb restore, fetched";

    // What was restored is on the disk when it ends, as with Perb.
    private const string Loop = "for v in X.*-of-*.enc; do gpg --quiet -d \"$v\" || exit 1; done | tar -x -C \"$2\" && sync \"$2\"/*";

    public static Command Restore(Func<ParseResult, Func<CancellationToken, Task<Report>>, CancellationToken, Task<int>> run)
    {
        var size = new Option<int>("--mebibytes") { Description = "size of the archive", DefaultValueFactory = _ => 2048 };
        var rounds = new Option<int>("--rounds") { Description = "how often each contender runs", DefaultValueFactory = _ => 3 };
        var disk = new Option<DirectoryInfo>("--disk")
        {
            Description = "a directory on a disk, for the runs that are not in memory",
            DefaultValueFactory = _ => new DirectoryInfo("/var/tmp"),
        };
        var perb = new Option<FileInfo?>("--perb") { Description = "another build than the one beside this: the package's is compiled ahead" };
        var restore = new Command("restore", "restoring beside gpg and tar") { size, rounds, disk, perb };
        restore.SetAction((parsed, token) => run(
            parsed,
            stop => RunAsync(
                (long)parsed.GetValue(size) << 20, parsed.GetValue(rounds), parsed.GetValue(disk)!, Programs.Built(parsed.GetValue(perb)).Perb, stop),
            token));
        return restore;
    }

    private static async Task<Report> RunAsync(
        long sizeBytes, int rounds, DirectoryInfo disk, string perb, CancellationToken cancellationToken)
    {
        var report = new Report($"restore: {sizeBytes >> 20} MiB in {Volumes} volumes, {rounds} rounds in turns, medians");
        foreach (var (where, directory) in new[] { ("memory", "/dev/shm"), ("disk", disk.FullName) })
        {
            await using var files = await SealFiles.MakeAsync(directory, sizeBytes, cancellationToken);
            foreach (var packet in new[] { PacketKind.Mdc, PacketKind.Ocb })
            {
                await CompareAsync(report, $"{packet.ToString().ToLowerInvariant()} in {where}", files, packet, sizeBytes, rounds, perb, cancellationToken);
            }
        }

        return report;
    }

    private static async Task CompareAsync(
        Report report, string what, SealFiles files, PacketKind packet, long sizeBytes, int rounds, string perb, CancellationToken cancellationToken)
    {
        var remote = Path.Combine(Path.GetDirectoryName(files.Source)!, "remote");
        Directory.CreateDirectory(remote);
        try
        {
            await SealAsync(files, remote, packet, cancellationToken);
            var contenders = Contenders(files, remote, perb);
            var runs = contenders.ToDictionary(contender => contender.Name, _ => new List<TimedRun>());
            await TimedRun.OfAsync(contenders[0].Command, Environment(files), cancellationToken); // gpg's agent runs from here on
            for (var round = 1; round <= rounds; round++)
            {
                foreach (var contender in contenders)
                {
                    Console.Error.WriteLine($"{what}, round {round} of {rounds}: {contender.Name}");
                    await PrepareAsync(files, remote, cancellationToken);
                    runs[contender.Name].Add(await TimedRun.OfAsync(contender.Command, Environment(files), cancellationToken));
                    await RequireSameAsync(files, cancellationToken);
                }
            }

            Add(report, what, sizeBytes, runs.ToDictionary(entry => entry.Key, entry => TimedRun.MedianOf(entry.Value)));
        }
        finally
        {
            Directory.Delete(remote, recursive: true);
        }
    }

    private static void Add(Report report, string what, long sizeBytes, Dictionary<string, TimedRun> medians)
    {
        var mebibytes = sizeBytes / (double)(1 << 20);
        report.AddTable(
            [what, "MiB/s", "CPU s/GiB", "x wall", "peak MiB"],
            [.. medians.Select(entry => (IReadOnlyList<string>)
            [
                entry.Key,
                Number(mebibytes / entry.Value.WallSeconds, "0"),
                Number(entry.Value.CpuSeconds / mebibytes * 1024, "0.00"),
                Number(medians[Line].WallSeconds / entry.Value.WallSeconds, "0.00"),
                Number(entry.Value.PeakMebibytes, "0"),
            ])]);
        report.AddAtLeast($"{what}: wall, beside {Line}", medians[Line].WallSeconds / medians[Perb].WallSeconds, "x", 1.0);
        report.AddAtLeast($"{what}: wall, fetched, beside {Fetched}", medians[Fetched].WallSeconds / medians[PerbFetched].WallSeconds, "x", 1.0);
        report.Add($"{what}: peak RSS", Math.Max(medians[Perb].PeakMebibytes, medians[PerbFetched].PeakMebibytes), "MiB", below: 128);
    }

    private static IReadOnlyList<Contender> Contenders(SealFiles files, string remote, string perb)
    {
        var loop = Loop.Replace("X", Name, StringComparison.Ordinal);
        return
        [
            Bash(Line, $"cd \"$1\" && {loop}"),
            Bash(Checked, $"cd \"$1\" && cksum --quiet -c {Name}.sums && {loop}"),
            new(Perb, [perb, "restore", Name, "--remote", remote, "--to", files.Output]),
            Bash(
                Fetched,
                "mkdir \"$2/w\" && rclone copy --ignore-checksum \":local:$1\" \"$2/w\" && cd \"$2/w\""
                + $" && cksum --quiet -c {Name}.sums && {loop} && rm -r \"$2/w\""),
            new(PerbFetched, [perb, "restore", Name, "--remote", $":local:{remote}", "--to", files.Output]),
        ];

        Contender Bash(string name, string line) => new(name, ["bash", "-c", $"set -o pipefail; {line}", "bash", remote, files.Output]);
    }

    private static Dictionary<string, string?> Environment(SealFiles files) =>
        new(files.Environment) { ["PERB_CONFIG"] = null, ["RCLONE_CONFIG"] = "/dev/null" };

    private static async Task PrepareAsync(SealFiles files, string remote, CancellationToken cancellationToken)
    {
        await files.PrepareRunAsync(cancellationToken);
        foreach (var volume in Directory.EnumerateFiles(remote))
        {
            await Cli.Wrap("dd").WithArguments([$"if={volume}", "iflag=nocache", "count=0", "status=none"]).ExecuteAsync(cancellationToken);
        }
    }

    private static async Task RequireSameAsync(SealFiles files, CancellationToken cancellationToken)
    {
        var restored = Path.Combine(files.Output, Path.GetFileName(files.Source));
        var compared = await Cli.Wrap("cmp").WithArguments(["--quiet", files.Source, restored])
            .WithValidation(CommandResultValidation.None).ExecuteAsync(cancellationToken);
        if (compared.ExitCode != 0)
        {
            throw new BenchmarkException($"{restored} is not the archive that was sealed");
        }
    }

    private static async Task SealAsync(SealFiles files, string remote, PacketKind packet, CancellationToken cancellationToken)
    {
        var recipients = RecipientKeys.Load([files.Key], TimeProvider.System.GetUtcNow(), new HashSet<string>());
        using var source = SourceArchive.Open(files.Source);
        var tar = TarStream.For(source.Name, source.SizeBytes, source.ModifiedAt, log: null, notes: null);
        var plan = new SealingPlan
        {
            RemoteName = Name,
            ArchiveName = source.Name,
            ArchiveBytes = source.SizeBytes,
            ArchiveModifiedAt = source.ModifiedAt,
            Tar = tar,
            VolumeBytes = (tar.TotalBytes + Volumes - 1) / Volumes,
            Packet = packet,
            HideRecipients = false,
            RecipientFingerprints = [.. recipients.Select(recipient => recipient.SubkeyFingerprint)],
        };
        var (sealer, volumes) = (new VolumeSealer(), new List<ManifestVolume>());
        for (var number = 1; number <= plan.VolumeCount; number++)
        {
            var volume = await sealer.SealAsync(plan, number, source, recipients, remote, alsoHash: null, progress: null, cancellationToken);
            volumes.Add(new ManifestVolume(volume.Name, volume.SizeBytes, volume.Digests));
        }

        var manifest = new Manifest
        {
            RemoteName = Name,
            ArchiveBytes = plan.ArchiveBytes,
            ArchiveModifiedAt = plan.ArchiveModifiedAt,
            VolumeBytes = plan.VolumeBytes,
            Volumes = volumes,
        };
        await File.WriteAllTextAsync(Path.Combine(remote, manifest.FileName), manifest.Format(), cancellationToken);
    }

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
