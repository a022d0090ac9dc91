using System.Diagnostics;
using Perb.Benchmarks.Sealing;

namespace Perb.Benchmarks.MainJob;

/// <summary>What a power cut amid a large backup costs: bytes that are sent twice. perb is killed when half of the volumes are on the remote.</summary>
internal static class ResumeBenchmark
{
    private const int Volumes = 64;
    private const long VolumeBytes = 4 << 20;
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    public static async Task<Report> RunAsync(Programs programs, int rounds, DirectoryInfo disk, CancellationToken cancellationToken)
    {
        Console.Error.WriteLine("Setting up…");
        await using var site = await Site.MakeAsync(disk.FullName, 1, (Volumes * VolumeBytes) - 100_000, cancellationToken);
        var rclone = WriteRecorder(site);
        var report = new Report($"resume: killed amid a backup of {Volumes} volumes of {VolumeBytes >> 20} MiB, {rounds} round(s) each, the worst");
        foreach (var uploads in (int[])[1, 2, 4])
        {
            var worst = 0L;
            for (var round = 1; round <= rounds; round++)
            {
                Console.Error.WriteLine($"{uploads} upload(s), round {round} of {rounds}");
                await site.PrepareRunAsync(cancellationToken);
                File.Delete(site.At("commands"));
                site.Configure("4MiB", sealers: 2, uploads, rclone);
                await KillAsync(programs, site, Volumes / 2, cancellationToken);
                await TimedRun.OfAsync([programs.Perb, "--config", site.ConfigurationFile, "once"], site.Environment, cancellationToken);
                worst = Math.Max(worst, SentTwice(site));
            }

            var largest = Directory.EnumerateFiles(site.Remote, "*.enc").Max(file => new FileInfo(file).Length);
            report.AddAtMost($"sent twice, Uploads {uploads}", Mebibytes(worst), "MiB", Mebibytes(uploads * largest));
        }

        return report;
    }

    // The script writes a line for each rclone before it becomes that rclone.
    private static string WriteRecorder(Site site)
    {
        var path = site.At("recording-rclone");
        File.WriteAllText(path, $"#!/bin/sh\necho \"$*\" >> '{site.At("commands")}'\nexec rclone \"$@\"\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return path;
    }

    private static async Task KillAsync(Programs programs, Site site, int when, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(programs.Perb, ["--config", site.ConfigurationFile, "once"]) { UseShellExecute = false, RedirectStandardError = true };
        using var perb = Process.Start(start)!;
        perb.ErrorDataReceived += (_, _) => { };
        perb.BeginErrorReadLine();
        var began = TimeProvider.System.GetTimestamp();
        try
        {
            while (Directory.EnumerateFiles(site.Remote, "*.enc").Count() < when)
            {
                if (perb.HasExited || TimeProvider.System.GetElapsedTime(began) > Longest)
                {
                    throw new BenchmarkException($"perb did not send {when} volumes");
                }

                await Task.Delay(BetweenLooks, TimeProvider.System, cancellationToken);
            }
        }
        finally
        {
            perb.Kill(); // SIGKILL, of perb alone: its rclones live on, as they do after a crash
            await perb.WaitForExitAsync(CancellationToken.None);
        }
    }

    private static long SentTwice(Site site)
    {
        var copies = File.ReadLines(site.At("commands"))
            .Where(line => line.StartsWith("copyto ", StringComparison.Ordinal) && line.EndsWith(".enc", StringComparison.Ordinal))
            .CountBy(line => line[(line.LastIndexOf('/') + 1)..])
            .ToList();
        return copies.Count == Volumes
            ? copies.Sum(copy => (copy.Value - 1) * new FileInfo(Path.Combine(site.Remote, copy.Key)).Length)
            : throw new BenchmarkException($"{copies.Count} volumes were sent, not {Volumes}");
    }

    private static double Mebibytes(long bytes) => bytes / (double)(1 << 20);
}
