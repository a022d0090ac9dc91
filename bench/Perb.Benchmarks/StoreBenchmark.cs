using System.Globalization;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Perb.Benchmarks.Sealing;
using Perb.Scheduler.Backups;
using Perb.Scheduler.Cli;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Monitoring;
using Perb.Scheduler.Notifying;
using Perb.Scheduler.Safety;
using Perb.Scheduler.Store;

namespace Perb.Benchmarks;

/// <summary>What years of backups in the store cost whoever asks it: the next claim, <c>perb status</c>, <c>perb list</c>.</summary>
internal static class StoreBenchmark
{
    private const string Remote = "offsite";
    private const int Guests = 2_000;
    private const int Waiting = 1000;

    public static async Task<Report> RunAsync(Programs programs, int backups, int rounds, CancellationToken cancellationToken)
    {
        Console.Error.WriteLine($"Setting up {backups} backups…");
        await using var installation = await Installation.SetUpAsync(programs, cancellationToken);
        var path = installation.Settings.Options.StorePath;
        var database = await Database.OpenForServiceAsync(path, cancellationToken);
        await FillAsync(path, backups, Guests, cancellationToken);
        var time = TimeProvider.System;
        var pipeline = new PipelineStore(database, time);
        var claims = new ClaimStore(database, time);
        var status = new StatusStore(database, time);
        var report = new Report(
            $"store: {backups} backups of {Guests} guests more than before, {Waiting} of them waiting, {new FileInfo(path).Length >> 20} MiB; medians of {rounds}");

        await AddAsync(report, "claim the next backup, and hand it back", 50, rounds, async () =>
        {
            var claim = await claims.ClaimNextAsync(Remote, null, null, [], cancellationToken) ?? throw new BenchmarkException("nothing to claim");
            await pipeline.ReleaseAsync(claim, "bench");
        });
        await AddAsync(report, "when the next one is due", 50, rounds, () => claims.NextAttemptAtAsync(Remote, [], cancellationToken));
        await AddAsync(report, "what belongs in staging", 50, rounds, () => pipeline.StagedNamesAsync(cancellationToken));
        await AddAsync(report, "which recipients are in use (at start)", 200, rounds, () => pipeline.RecipientsInUseAsync(cancellationToken));
        var whole = new StatusReport(status, new UploadStore(database, time), installation.Settings.Options, time);
        await AddAsync(report, "status", 200, rounds, () => whole.ReadAsync(cancellationToken));
        var safety = new SafetyReport(status, installation.Settings.Options, time);
        await AddAsync(report, "how safe each guest is", 200, rounds, () => safety.ReadAsync(cancellationToken));
        var (alarms, options) = (new AlarmStore(database, time), installation.Settings.Options);
        var look = new LookForAlarms(
            status, safety, new Concerns(status, alarms, options), alarms, new Health(status, options, time), options, time);
        await AddAsync(report, "a look for alarms", 200, rounds, () => look.RunAsync([new NotifySection("mail", NotifyKind.Mail)], cancellationToken));
        await AddAsync(report, "list, as JSON", 1000, rounds, async () => JsonSerializer.Serialize(
            Stream.Null, (await status.ListAsync(null, null, cancellationToken)).Select(BackupDocument.Of), DocumentsJson.Default.IEnumerableBackupDocument));
        await AddAsync(report, "list of one guest", 50, rounds, () => status.ListAsync(null, 10_000, cancellationToken));
        await AddAsync(report, "what discovery compares with", 1000, rounds, () => new DiscoveryStore(database).LoadKnownAsync(cancellationToken));
        foreach (var command in (string[])["status", "list"])
        {
            var run = await TimedRun.OfAsync(
                [programs.Perb, "--config", installation.ConfigurationFile, command, "--json"], new Dictionary<string, string?>(), cancellationToken);
            report.Add($"perb {command} --json, with the program's start", run.WallSeconds * 1000, "ms");
        }

        return report;
    }

    public static async Task AddAsync(Report report, string what, double below, int rounds, Func<Task> work)
    {
        var (milliseconds, cpu) = (new List<double>(), new List<double>());
        for (var round = -1; round < rounds; round++)
        {
            var (began, used) = (TimeProvider.System.GetTimestamp(), Environment.CpuUsage.TotalTime);
            await work();
            if (round >= 0)
            {
                cpu.Add((Environment.CpuUsage.TotalTime - used).TotalMilliseconds);
                milliseconds.Add(TimeProvider.System.GetElapsedTime(began).TotalMilliseconds);
            }
        }

        report.Add(what, new Distribution(milliseconds).Median, "ms", below);
        report.Add("  of it CPU", new Distribution(cpu).Median, "ms");
    }

    // As the service leaves them: a plan, a volume and seven lines of history for each that is published; some failed, skipped or waiting.
    public static async Task FillAsync(string path, int backups, int guests, CancellationToken cancellationToken)
    {
        await using var connection = new SqliteConnection($"Data Source={path}");
        await connection.OpenAsync(cancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = string.Create(CultureInfo.InvariantCulture, $"""
            BEGIN;
            CREATE TEMP TABLE made AS
            WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {backups})
            SELECT i, 10000 + i % {guests} AS guest,
                   strftime('%Y-%m-%dT%H:%M:%S.0000000Z', 'now', '-' || (i / {guests} + 1) || ' days', '-' || (i % {guests} % 1000) || ' minutes') AS at,
                   strftime('%Y_%m_%d-%H_%M_%S', 'now', '-' || (i / {guests} + 1) || ' days', '-' || (i % {guests} % 1000) || ' minutes') AS word,
                   CASE WHEN i < {Waiting} THEN 'discovered' WHEN i % 500 = 7 THEN 'failed' WHEN i % 100 = 9 THEN 'skipped' ELSE 'published' END AS state
            FROM n;
            INSERT INTO backup (id, remote, remote_name, guest, guest_type, archive, storage, node, path, size_bytes, modified_at, archive_time, settled,
                                state, discovered_at, verified_at, verified_how, published_at, attempted_at, failure)
            SELECT 1000000 + i, '{Remote}', guest || '-' || word, guest, 'qemu', 'vzdump-qemu-' || guest || '-' || word || '.vma.zst', 'backup-a', 'pve1',
                   '/mnt/backup-a/dump/vzdump-qemu-' || guest || '-' || word || '.vma.zst', 5000000000, at, at, 1, state, at,
                   iif(state = 'published', at, NULL), iif(state = 'published', 'hash', NULL), iif(state = 'published', at, NULL), at,
                   iif(state = 'failed', 'a person is needed', NULL)
            FROM made;
            INSERT INTO plan (backup_id, archive_bytes, archive_modified_at, tar_head, tar_tail, volume_bytes, volume_count, packet, hide_recipients, recipients, made_at)
            SELECT 1000000 + i, 5000000000, at, zeroblob(512), zeroblob(20000), 1073741824, 5, 'mdc', 0, '0123456789ABCDEF0123456789ABCDEF01234567', at
            FROM made WHERE state = 'published';
            INSERT INTO volume (backup_id, number, name, size_bytes, sha256, sealed_at, uploaded_at, verified_at, verified_how)
            SELECT 1000000 + i, v.value, guest || '-' || word || '.00' || v.value || '-of-005.enc', 1073741900, lower(hex(zeroblob(32))), at, at, at, 'hash'
            FROM made, json_each('[1,2,3,4,5]') v WHERE state = 'published';
            INSERT INTO event (backup_id, at, kind, text)
            SELECT 1000000 + i, at, 'sealed', 'volume ' || v.value || ' of a backup that was made long ago, with its size and its hash'
            FROM made, json_each('[1,2,3,4,5,6,7]') v;
            INSERT OR IGNORE INTO guest (vm_id, guest_type, name, seen_at, first_seen_at)
            SELECT DISTINCT guest, 'qemu', 'guest-' || guest, '2026-01-01T00:00:00.0000000Z', '2026-01-01T00:00:00.0000000Z' FROM made;
            DROP TABLE made;
            COMMIT;
            """);
        command.CommandTimeout = 600;
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
