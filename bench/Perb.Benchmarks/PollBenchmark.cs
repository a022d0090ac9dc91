using Microsoft.Extensions.Logging.Abstractions;
using Perb.ProxmoxClient;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Discovery;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Pipeline;
using Perb.Scheduler.Store;

namespace Perb.Benchmarks;

/// <summary>
/// One look at the task list (two calls), one idle poll (that look, and what the store says of it) and one reconcile through the real client.
/// Cold: as in production, where the connection is long gone after 30 s and every poll begins with a handshake. Warm: right after another.
/// </summary>
internal static class PollBenchmark
{
    private const int WarmUpRounds = 3;

    /// <summary>Longer than the client keeps an idle connection.</summary>
    private static readonly TimeSpan UntilCold = TimeSpan.FromSeconds(3);

    public static async Task<Report> RunAsync(Programs programs, int rounds, CancellationToken cancellationToken)
    {
        Console.Error.WriteLine("Setting up…");
        await using var installation = await Installation.SetUpAsync(programs, cancellationToken);
        var settings = installation.Settings;
        using var http = Connect(settings);
        var api = new ProxmoxApi(http);
        var tasks = new VzdumpTasks(api, settings.Options.Proxmox.Node);
        using var held = new HeldArchives(settings.Options.Staging, TimeProvider.System, NullLogger<HeldArchives>.Instance); // nothing: everything is published
        using var discovery = await DiscoveryAsync(settings.Options, api, tasks, held, cancellationToken);

        var report = new Report(
            $"poll: {rounds} rounds of each, {NodePopulation.GuestCount} guests, {NodePopulation.StorageNames.Count} storages, "
            + $"{NodePopulation.ArchiveCount} archives");
        Task LookAsync() => tasks.LookAsync(canSeeAll: true, TimeProvider.System.GetUtcNow(), cancellationToken);
        await MeasureAsync(report, "look at the tasks, cold", LookAsync, rounds, UntilCold, cancellationToken);
        await MeasureAsync(report, "look at the tasks, warm", LookAsync, rounds, TimeSpan.Zero, cancellationToken);
        await discovery.ReconcileAsync(cancellationToken); // the first one is due by itself, and takes note of the tasks
        Task PollAsync() => discovery.PollAsync(cancellationToken);
        await MeasureAsync(report, "idle poll, cold", PollAsync, rounds, UntilCold, cancellationToken);
        await MeasureAsync(report, "idle poll, warm", PollAsync, rounds, TimeSpan.Zero, cancellationToken);
        Task ReconcileAsync() => discovery.ReconcileAsync(cancellationToken);
        await MeasureAsync(report, "reconcile, cold", ReconcileAsync, rounds, UntilCold, cancellationToken);
        await MeasureAsync(report, "reconcile, warm", ReconcileAsync, rounds, TimeSpan.Zero, cancellationToken);
        return report;
    }

    private static async Task MeasureAsync(
        Report report, string what, Func<Task> round, int rounds, TimeSpan pause, CancellationToken cancellationToken)
    {
        Console.Error.WriteLine($"Measuring {what}…");
        for (var number = 0; number < WarmUpRounds; number++)
        {
            await round();
        }

        var milliseconds = new List<double>();
        var cpu = TimeSpan.Zero;
        for (var number = 0; number < rounds; number++)
        {
            await Task.Delay(pause, TimeProvider.System, cancellationToken);
            var before = Environment.CpuUsage.TotalTime;
            var began = TimeProvider.System.GetTimestamp();
            await round();
            milliseconds.Add(TimeProvider.System.GetElapsedTime(began).TotalMilliseconds);
            cpu += Environment.CpuUsage.TotalTime - before;
        }

        var distribution = new Distribution(milliseconds);
        report.Add($"{what}: wall time, median", distribution.Median, "ms");
        report.Add($"{what}: wall time, 95th percentile", distribution.P95, "ms");
        report.Add($"{what}: CPU time of the client, mean", cpu.TotalMilliseconds / rounds, "ms");
    }

    internal static HttpClient Connect(Settings settings)
    {
        var proxmox = settings.Options.Proxmox;
        return ProxmoxConnection.Open(new ProxmoxOptions
        {
            Url = proxmox.Url,
            TokenId = proxmox.TokenId,
            Secret = new ApiSecret(File.ReadAllText(proxmox.TokenSecretFile)),
            CaFile = proxmox.CaFile,
        });
    }

    internal static async Task<ArchiveDiscovery> DiscoveryAsync(
        PerbOptions options, ProxmoxApi api, VzdumpTasks tasks, HeldArchives held, CancellationToken cancellationToken)
    {
        var database = await Database.OpenForServiceAsync(options.StorePath, cancellationToken);
        var status = new StatusStore(database, TimeProvider.System);
        var troubles = new Troubles(status, NullLogger<Troubles>.Instance);
        return new ArchiveDiscovery(
            api,
            tasks,
            new HookEvents(new HookSpool(options.Discovery.SpoolDirectory), troubles, NullLogger<HookEvents>.Instance),
            new StorageListing(api, new DumpListing(options.TimeZone), options, TimeProvider.System),
            new DiscoveryDiff(new CatchUpPolicy(options.Discovery), [.. options.Remotes.Select(remote => remote.Name)]),
            held,
            new DiscoveryStore(database),
            status,
            troubles,
            options,
            new WakeUp(),
            TimeProvider.System,
            NullLogger<ArchiveDiscovery>.Instance);
    }
}
