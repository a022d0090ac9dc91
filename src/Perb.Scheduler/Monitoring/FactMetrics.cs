using Perb.Scheduler.Backups;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Notifying;
using Perb.Scheduler.Safety;
using Perb.Transfer;
using Prometheus;

namespace Perb.Scheduler.Monitoring;

/// <summary>
/// How everything stands, as gauges. Their registry is made anew for every scrape, so that a guest which is gone leaves no series behind. Times
/// are seconds since 1970, 0 where there is none: what never happened is then long ago, and no series is missing when something fails.
/// </summary>
internal sealed class FactMetrics
{
    private const int LongestName = 63;

    private readonly CollectorRegistry _registry = Metrics.NewCustomRegistry();
    private readonly MetricFactory _metrics;

    private FactMetrics() => _metrics = Metrics.WithCustomRegistry(_registry);

    /// <param name="facts">One look.</param>
    /// <param name="underWay">Backups that are worked on now: remote and step.</param>
    /// <param name="options">Remotes, and whether guests are named.</param>
    /// <param name="version">Of this program.</param>
    public static CollectorRegistry Of(StatusFacts facts, IEnumerable<(string Remote, string Step)> underWay, PerbOptions options, string version)
    {
        var metrics = new FactMetrics();
        metrics.AddService(facts, version);
        metrics.AddGuestCounts(facts);
        metrics.AddGuests(facts.Guests, options.Status.GuestNames);
        metrics.AddCopies(facts.Guests);
        metrics.AddQueues(facts, underWay, options);
        metrics.AddRemotes(facts, options);
        return metrics._registry;
    }

    private void AddService(StatusFacts facts, string version)
    {
        Gauge("perb_build_info", "The running version.", "version").WithLabels(version).Set(1);
        Gauge("perb_last_poll_timestamp_seconds", "When the node's task list was last looked at with success.").Set(Unix(facts.LastPoll));
        Gauge("perb_last_reconcile_timestamp_seconds", "When the dump directories were last listed with success.").Set(Unix(facts.LastReconcile));
        var alarms = Gauge("perb_alarms", "What is wrong now, by the code of its paragraph in OPERATIONS.", "code");
        var counts = facts.Concerns.CountBy(concern => concern.Code.Code).ToDictionary();
        foreach (var code in AlarmCode.All.Select(code => code.Code).Union(counts.Keys))
        {
            alarms.WithLabels(code).Set(counts.GetValueOrDefault(code));
        }
    }

    private void AddGuestCounts(StatusFacts facts)
    {
        var guests = Gauge("perb_guests", "Guests by what can be said of them.", "verdict");
        var counts = facts.Guests.CountBy(guest => guest.Verdict).ToDictionary();
        foreach (var verdict in Enum.GetValues<GuestVerdict>())
        {
            guests.WithLabels(verdict.Word()).Set(counts.GetValueOrDefault(verdict));
        }
    }

    private void AddGuests(IReadOnlyList<GuestSafety> guests, bool areNamed)
    {
        var info = areNamed
            ? Gauge("perb_guest_info", "What a guest is.", "guest", "type", "verdict", "name")
            : Gauge("perb_guest_info", "What a guest is.", "guest", "type", "verdict");
        var met = Gauge("perb_guest_rpo_met", "1: every remote has a verified copy that is young enough; 0: some has not. Only for guests that are judged.", "guest");
        var alarming = Gauge("perb_guest_alarming", "1: the RPO is missed, and somebody has to be told.", "guest");
        var safeUntil = Gauge("perb_guest_safe_until_timestamp_seconds", "Until then its copies are young enough on every remote; 0: some remote has none.", "guest");
        var rpo = Gauge("perb_guest_rpo_seconds", "How old its newest verified copy may be.", "guest");
        var archive = Gauge("perb_guest_newest_archive_timestamp_seconds", "When its newest archive was made; 0: none was ever seen.", "guest");
        foreach (var guest in guests)
        {
            var id = $"{guest.Guest}";
            string[] what = [id, guest.GuestType, guest.Verdict.Word()];
            info.WithLabels(areNamed ? [.. what, Printable.Clean(guest.Name ?? "", LongestName)] : what).Set(1);
            if (guest.IsMet is { } isMet)
            {
                met.WithLabels(id).Set(isMet ? 1 : 0);
            }

            alarming.WithLabels(id).Set(guest.AlarmingSince is null ? 0 : 1);
            safeUntil.WithLabels(id).Set(Unix(guest.SafeUntil));
            rpo.WithLabels(id).Set(guest.Rpo.TotalSeconds);
            archive.WithLabels(id).Set(Unix(guest.NewestArchive));
        }
    }

    private void AddCopies(IReadOnlyList<GuestSafety> guests)
    {
        var copy = Gauge("perb_guest_newest_copy_timestamp_seconds", "When the archive of its newest verified copy was made; 0: there is none.", "guest", "remote");
        foreach (var guest in guests)
        {
            foreach (var remote in guest.Remotes)
            {
                copy.WithLabels($"{guest.Guest}", remote.Remote).Set(Unix(remote.Newest?.ArchiveTime));
            }
        }
    }

    private void AddQueues(StatusFacts facts, IEnumerable<(string Remote, string Step)> underWay, PerbOptions options)
    {
        var waiting = Gauge("perb_queue_backups", "Backups that still have to be carried.", "remote");
        var bytes = Gauge("perb_queue_archive_bytes", "Bytes of their archives.", "remote");
        var oldest = Gauge("perb_queue_oldest_seconds", "How long the one has been known that waits longest, but for damaged copies; 0: none waits.", "remote");
        var working = Gauge("perb_queue_under_way", "Backups that are being worked on, by what is done.", "remote", "step");
        var now = underWay.CountBy(one => one).ToDictionary();
        foreach (var remote in options.Remotes.Select(remote => remote.Name))
        {
            var queue = facts.Queues.FirstOrDefault(queue => queue.Remote == remote);
            waiting.WithLabels(remote).Set(queue?.Backups ?? 0);
            bytes.WithLabels(remote).Set(queue?.ArchiveBytes ?? 0);
            oldest.WithLabels(remote).Set(queue?.OldestDiscoveredAt is { } at ? Math.Max(0, (facts.Now - at).TotalSeconds) : 0);
            foreach (var step in (string[])["seal", "upload"])
            {
                working.WithLabels(remote, step).Set(now.GetValueOrDefault((remote, step)));
            }
        }
    }

    private void AddRemotes(StatusFacts facts, PerbOptions options)
    {
        var copies = Gauge("perb_remote_copies", "Published backups on the remote.", "remote");
        var bytes = Gauge("perb_remote_bytes", "Bytes of their sealed volumes.", "remote");
        var success = Gauge("perb_remote_last_success_timestamp_seconds", "When a backup was last published there; 0: never.", "remote");
        var held = Gauge("perb_remote_held_back_until_timestamp_seconds", "Until then nothing is sent, by its own limits; 0: it is not held back.", "remote");
        var states = Gauge("perb_backups", "Backups by state.", "remote", "state");
        var counts = facts.Stocks.States.ToDictionary(count => (count.Remote, count.State), count => count.Backups);
        foreach (var remote in options.Remotes.Select(remote => remote.Name))
        {
            var stock = facts.Stocks.Remotes.FirstOrDefault(stock => stock.Remote == remote);
            copies.WithLabels(remote).Set(stock?.Copies ?? 0);
            bytes.WithLabels(remote).Set(stock?.Bytes ?? 0);
            success.WithLabels(remote).Set(Unix(stock?.LastPublishedAt));
            held.WithLabels(remote).Set(Unix(facts.HeldBack.FirstOrDefault(one => one.Remote == remote)?.Until));
            foreach (var state in Enum.GetValues<BackupState>())
            {
                states.WithLabels(remote, state.Word()).Set(counts.GetValueOrDefault((remote, state)));
            }
        }
    }

    private Gauge Gauge(string name, string help, params string[] labels) => _metrics.CreateGauge(name, help, labels);

    private static double Unix(DateTimeOffset? instant) => instant is { } at ? at.ToUnixTimeMilliseconds() / 1000.0 : 0;
}
