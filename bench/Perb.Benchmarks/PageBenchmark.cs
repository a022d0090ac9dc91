using System.Globalization;
using Microsoft.Data.Sqlite;
using Perb.Scheduler.Monitoring;
using Perb.Scheduler.Notifying;
using Perb.Scheduler.Pipeline;
using Perb.Scheduler.Safety;
using Perb.Scheduler.StatusPage;
using Perb.Scheduler.Store;

namespace Perb.Benchmarks;

/// <summary>What a look costs at a node with many guests and years of backups: status, page, metrics, and what a browser follows.</summary>
internal static class PageBenchmark
{
    private const double Goal = 200;

    public static async Task<Report> RunAsync(Programs programs, int guests, int backups, int rounds, CancellationToken cancellationToken)
    {
        Console.Error.WriteLine($"Setting up {backups} backups of {guests} guests…");
        await using var installation = await Installation.SetUpAsync(programs, cancellationToken);
        var options = installation.Settings.Options;
        var database = await Database.OpenForServiceAsync(options.StorePath, cancellationToken);
        await StoreBenchmark.FillAsync(options.StorePath, backups, guests, cancellationToken);
        await AddGuestsAsync(options.StorePath, guests, cancellationToken);

        var time = TimeProvider.System;
        var (status, monitoring, activities) = (new StatusStore(database, time), new MonitoringStore(database), new Activities(time));
        var safety = new SafetyReport(status, options, time);
        using var stocks = new RemoteStocks(monitoring, time);
        var concerns = new Concerns(status, new AlarmStore(database, time), options);
        var look = new StatusLook(status, safety, concerns, monitoring, new UploadStore(database, time), stocks, options, time);
        using var live = new LiveQueue(activities, monitoring, status, options, time);
        using var page = new PageModelReader(look, monitoring, live, options, time);
        using var metrics = new MetricsText(look, new ShippingMetrics(options), activities, options, time);
        var report = new Report($"page: {guests} guests and {backups} backups more than before, {new FileInfo(options.StorePath).Length >> 20} MiB; medians of {rounds}");

        await StoreBenchmark.AddAsync(report, "judge all guests (status, alarms)", Goal, rounds, () => safety.ReadAsync(cancellationToken));
        await StoreBenchmark.AddAsync(report, "page, from the store to HTML", Goal, rounds, async () => PageHtml.Of(await page.ReadAsync(cancellationToken)));
        await StoreBenchmark.AddAsync(report, "metrics, from the store to text", Goal, rounds, () => metrics.MakeAsync(cancellationToken));
        await StoreBenchmark.AddAsync(report, "once a second while somebody listens", 20, rounds, () => live.ReadAsync(cancellationToken));
        await StoreBenchmark.AddAsync(report, "count the remotes (after something happened, a hundredth of the time at most)", 1000, rounds, async () =>
        {
            using var anew = new RemoteStocks(monitoring, time);
            await anew.ReadAsync(cancellationToken);
        });
        var html = PageHtml.Of(await page.ReadAsync(cancellationToken)).Length;
        var before = GC.GetTotalAllocatedBytes(precise: true);
        PageHtml.Of(await page.ReadAsync(cancellationToken));
        var allocated = GC.GetTotalAllocatedBytes(precise: true) - before;
        report.Add("page", html / 1024.0, "KiB");
        report.Add("metrics", (await metrics.MakeAsync(cancellationToken)).Length / 1024.0, "KiB");
        report.Add("  memory that is allocated for it", allocated / 1048576.0, "MiB");
        return report;
    }

    private static async Task AddGuestsAsync(string path, int guests, CancellationToken cancellationToken)
    {
        await using var connection = new SqliteConnection($"Data Source={path}");
        await connection.OpenAsync(cancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = string.Create(CultureInfo.InvariantCulture, $"""
            INSERT OR REPLACE INTO guest (vm_id, guest_type, name, seen_at, first_seen_at, covered)
            WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {guests})
            SELECT 10000 + i, 'qemu', 'guest-' || i, strftime('%Y-%m-%dT%H:%M:%S.0000000Z', 'now'), strftime('%Y-%m-%dT%H:%M:%S.0000000Z', 'now', '-1 years'), 1 FROM n;
            INSERT OR REPLACE INTO setting (name, value) VALUES ('guests seen', strftime('%Y-%m-%dT%H:%M:%S.0000000Z', 'now'));
            """);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
