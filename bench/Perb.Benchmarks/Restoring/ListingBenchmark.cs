using System.CommandLine;
using System.Globalization;
using Perb.Benchmarks.Sealing;
using Perb.Transfer.Hashing;
using Perb.Transfer.Manifests;
using Command = System.CommandLine.Command;

namespace Perb.Benchmarks.Restoring;

/// <summary><c>perb list --remote-only</c> of a remote with very many files, beside rclone's own listing of it: each manifest is read, each volume compared with it.</summary>
internal static class ListingBenchmark
{
    private const int Volumes = 4;
    private const int Guests = 100;
    private const long VolumeBytes = 1 << 30;

    public static Command Listing(Func<ParseResult, Func<CancellationToken, Task<Report>>, CancellationToken, Task<int>> run)
    {
        var files = new Option<int>("--files") { Description = "how many lie there", DefaultValueFactory = _ => 100_000 };
        var listing = new Command("listing", "time and memory of a look at a remote with very many files") { files };
        listing.SetAction((parsed, token) => run(parsed, stop => RunAsync(parsed.GetValue(files), stop), token));
        return listing;
    }

    private static async Task<Report> RunAsync(int files, CancellationToken cancellationToken)
    {
        var directory = Directory.CreateTempSubdirectory("perb-bench-listing-");
        try
        {
            var backups = files / (Volumes + 1);
            Console.Error.WriteLine($"Making {backups} backups of {Volumes} volumes…");
            for (var index = 0; index < backups; index++)
            {
                await AddBackupAsync(directory.FullName, index, cancellationToken);
            }

            var environment = new Dictionary<string, string?> { ["PERB_CONFIG"] = null, ["RCLONE_CONFIG"] = "/dev/null" };
            var perb = Programs.Built(null).Perb;
            (string Name, string[] Command)[] contenders =
            [
                ("rclone lsjson", ["rclone", "lsjson", "--files-only", "--no-modtime", "--no-mimetype", directory.FullName]),
                ("perb list --remote-only --json", [perb, "list", "--remote-only", "--json", "--remote", directory.FullName]),
                ("  of one guest", [perb, "list", "--remote-only", "--json", "--guest", "100", "--remote", directory.FullName]),
                ("  by rclone", [perb, "list", "--remote-only", "--json", "--remote", $":local:{directory.FullName}"]),
            ];
            var report = new Report($"listing: a directory with {files} files of {backups} backups, their sizes and manifests as on a remote");
            foreach (var (name, command) in contenders)
            {
                Console.Error.WriteLine(name);
                var timed = await TimedRun.OfAsync(command, environment, cancellationToken);
                report.Add($"{name}: wall", timed.WallSeconds, "s");
                report.Add($"{name}: CPU", timed.CpuSeconds, "s");
                report.Add($"{name}: peak RSS", timed.PeakMebibytes, "MiB");
            }

            return report;
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    // Sparse: nothing reads what is in a volume.
    private static async Task AddBackupAsync(string directory, int index, CancellationToken cancellationToken)
    {
        var at = new DateTimeOffset(2026, 1, 1, 2, 0, 0, TimeSpan.Zero).AddDays(-(index / Guests));
        var name = string.Create(CultureInfo.InvariantCulture, $"{100 + (index % Guests)}-{at:yyyy_MM_dd-HH_mm_ss}");
        var volumes = new List<ManifestVolume>();
        for (var number = 1; number <= Volumes; number++)
        {
            var volume = new ManifestVolume(
                string.Create(CultureInfo.InvariantCulture, $"{name}.{number:000}-of-{Volumes:000}.enc"), VolumeBytes + 1000, Digests.Of([], also: null));
            await using var file = File.Create(Path.Combine(directory, volume.Name));
            file.SetLength(volume.SizeBytes);
            volumes.Add(volume);
        }

        var manifest = new Manifest
        {
            RemoteName = name,
            ArchiveBytes = (Volumes * VolumeBytes) - 10_000,
            ArchiveModifiedAt = at,
            VolumeBytes = VolumeBytes,
            Volumes = volumes,
        };
        await File.WriteAllTextAsync(Path.Combine(directory, manifest.FileName), manifest.Format(), cancellationToken);
    }
}
