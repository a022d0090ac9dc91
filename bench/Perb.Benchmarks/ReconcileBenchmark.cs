using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Perb.ProxmoxClient;
using Perb.Scheduler.Discovery;
using Perb.Scheduler.Pipeline;
using Perb.Scheduler.Store;

namespace Perb.Benchmarks;

/// <summary>
/// How a reconcile grows with the archives: real files (each with its log and notes) in three directories, a real store, the real client
/// before a served node. First when all are new, then when all are published, which is the usual one, and when all of them still wait.
/// </summary>
internal static class ReconcileBenchmark
{
    private const int WarmUpCount = 200;
    private const int Rounds = 3;
    private const double MaxSeconds = 5;

    // Of ten times as many: what grows with the square would be a hundred. What is allocated does not depend on who else uses the machine.
    private const double MaxCpuGrowth = 20;
    private const double MaxAllocatedGrowth = 11;

    private static readonly int[] Counts = [1_000, 10_000, 100_000];

    public static async Task<Report> RunAsync(Programs programs, int upTo, CancellationToken cancellationToken)
    {
        int[] counts = [.. Counts.Where(count => count <= upTo)];
        if (counts.Length < 2)
        {
            throw new BenchmarkException($"--up-to {upTo} leaves nothing to compare: {Counts[1]} at least");
        }

        var runs = new Dictionary<string, List<Run>>();
        foreach (var count in (int[])[WarmUpCount, .. counts])
        {
            Console.Error.WriteLine($"Setting up {count} archives…");
            await using var installation = await Installation.SetUpAsync(programs, count, cancellationToken);
            foreach (var (what, run) in await MeasureAsync(installation, count, cancellationToken))
            {
                Console.Error.WriteLine(string.Join("  ", run.InWords(what, before: null)));
                runs.TryAdd(what, []);
                runs[what].AddRange(count == WarmUpCount ? [] : [run]);
            }
        }

        var report = new Report($"reconcile: {NodePopulation.GuestCount} guests, {NodePopulation.StorageNames.Count} storages, one remote");
        report.AddTable(
            ["", "archives", "wall ms", "CPU ms", "MiB allocated", "CPU us/archive", "KiB/archive", "x CPU", "x allocated"],
            [.. runs.SelectMany(entry => entry.Value.Select((run, at) => run.InWords(entry.Key, at == 0 ? null : entry.Value[at - 1])))]);
        foreach (var (what, steps) in runs)
        {
            report.Add($"{what}, {counts[^1]}: wall time", steps[^1].Wall.TotalSeconds, "s", MaxSeconds);
            report.Add($"{what}, {counts[^2]} to {counts[^1]}: CPU time grows", steps[^1].Cpu / steps[^2].Cpu, "x", MaxCpuGrowth);
            report.Add(
                $"{what}, {counts[^2]} to {counts[^1]}: allocations grow",
                (double)steps[^1].AllocatedBytes / steps[^2].AllocatedBytes,
                "x",
                MaxAllocatedGrowth);
        }

        return report;
    }

    private static async Task<List<(string What, Run Run)>> MeasureAsync(Installation installation, int count, CancellationToken cancellationToken)
    {
        var options = installation.Settings.Options;
        using var http = PollBenchmark.Connect(installation.Settings);
        var api = new ProxmoxApi(http);
        using var held = new HeldArchives(options.Staging, TimeProvider.System, NullLogger<HeldArchives>.Instance);
        using var discovery = await PollBenchmark.DiscoveryAsync(
            options, api, new VzdumpTasks(api, options.Proxmox.Node), held, cancellationToken);
        var database = await Database.OpenForServiceAsync(options.StorePath, cancellationToken);

        Console.Error.WriteLine($"Measuring {count} archives…");
        var first = await OneAsync(discovery, count, cancellationToken);
        await SetAllAsync(database, "published", count, cancellationToken);
        held.Release(held.Files);
        var published = await MedianAsync(discovery, count, cancellationToken);
        await SetAllAsync(database, "discovered", count, cancellationToken);
        var waiting = await MedianAsync(discovery, count, cancellationToken);
        return [("all new", first), ("all published", published), ("all waiting", waiting)];
    }

    private static async Task<Run> MedianAsync(ArchiveDiscovery discovery, int count, CancellationToken cancellationToken)
    {
        var runs = new List<Run>();
        while (runs.Count < Rounds)
        {
            runs.Add(await OneAsync(discovery, count, cancellationToken));
        }

        return runs.OrderBy(run => run.Wall).ElementAt(Rounds / 2);
    }

    private static async Task<Run> OneAsync(ArchiveDiscovery discovery, int count, CancellationToken cancellationToken)
    {
        GC.Collect();
        var (allocated, cpu) = (GC.GetTotalAllocatedBytes(precise: true), Environment.CpuUsage.TotalTime);
        var began = TimeProvider.System.GetTimestamp();
        await discovery.ReconcileAsync(cancellationToken);
        return new Run(
            count,
            TimeProvider.System.GetElapsedTime(began),
            Environment.CpuUsage.TotalTime - cpu,
            GC.GetTotalAllocatedBytes(precise: true) - allocated);
    }

    // What shipping all of them would leave on record; to ship 100,000 takes a day.
    private static async Task SetAllAsync(Database database, string state, int count, CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText =
            """
            UPDATE backup SET state = @state, failure = NULL, settled = 1, noted = discovered_at,
                              by_hand = 'ship', -- otherwise the old ones would be skipped
                              published_at = discovered_at, verified_at = discovered_at, verified_how = 'hash';
            DELETE FROM volume;
            DELETE FROM plan;
            INSERT INTO plan
            SELECT id, size_bytes, modified_at, zeroblob(512), zeroblob(512), 1073741824, 1, 'mdc', 0, 'none', discovered_at
            FROM backup WHERE state = 'published';
            INSERT INTO volume (backup_id, number, name, size_bytes, sha256, sealed_at)
            SELECT backup_id, 1, 'it.enc', archive_bytes, 'none', made_at FROM plan;
            SELECT count(*) FROM backup;
            """;
        command.Parameters.AddWithValue("@state", state);
        var changed = (long)(await command.ExecuteScalarAsync(cancellationToken))!;
        if (changed != count)
        {
            throw new BenchmarkException($"the store knows {changed} archives instead of {count}");
        }
    }

    private sealed record Run(int Count, TimeSpan Wall, TimeSpan Cpu, long AllocatedBytes)
    {
        public IReadOnlyList<string> InWords(string what, Run? before) =>
        [
            what,
            $"{Count}",
            Number(Wall.TotalMilliseconds, "0"),
            Number(Cpu.TotalMilliseconds, "0"),
            Number(AllocatedBytes / (double)(1 << 20), "0.0"),
            Number(Cpu.TotalMicroseconds / Count, "0"),
            Number(AllocatedBytes / 1024.0 / Count, "0.0"),
            before is null ? "" : Number(Cpu / before.Cpu, "0.0"),
            before is null ? "" : Number((double)AllocatedBytes / before.AllocatedBytes, "0.0"),
        ];

        private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
    }
}
