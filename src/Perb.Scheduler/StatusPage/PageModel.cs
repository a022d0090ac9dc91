using Perb.Scheduler.Backups;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Monitoring;
using Perb.Scheduler.Notifying;
using Perb.Scheduler.Safety;
using Perb.Scheduler.Store;

namespace Perb.Scheduler.StatusPage;

/// <summary>A guest and what its last days brought.</summary>
internal sealed record GuestLine(GuestSafety Guest, IReadOnlyList<DayMark> Days);

/// <param name="Stock">Null: nothing was ever published there.</param>
/// <param name="Queue">Null: nothing waits for it.</param>
/// <param name="HeldBack">Null: it is not.</param>
internal sealed record RemoteLine(string Name, RemoteStock? Stock, RemoteBacklog? Queue, HeldBack? HeldBack);

/// <summary>Everything that the page shows, put in order. Pure.</summary>
/// <param name="Node">Its name.</param>
/// <param name="Now">Of the look.</param>
/// <param name="Zone">Of the times on it.</param>
/// <param name="LastPoll">Null: none yet.</param>
/// <param name="Days">Of the calendar, oldest first.</param>
/// <param name="Judged">Guests that matter, the worst first.</param>
/// <param name="Others">Guests that are gone, retired, left out, or unknown.</param>
/// <param name="Concerns">What is wrong.</param>
/// <param name="Remotes">As configured.</param>
/// <param name="Live">What is worked on.</param>
internal sealed record PageModel(
    string Node,
    DateTimeOffset Now,
    TimeZoneInfo Zone,
    DateTimeOffset? LastPoll,
    IReadOnlyList<DateOnly> Days,
    IReadOnlyList<GuestLine> Judged,
    IReadOnlyList<GuestLine> Others,
    IReadOnlyList<Concern> Concerns,
    IReadOnlyList<RemoteLine> Remotes,
    Live Live)
{
    /// <summary>Of the calendar.</summary>
    public const int DayCount = 14;

    public SafetySummary Safety { get; } = SafetySummary.Of([.. Judged.Concat(Others).Select(line => line.Guest)]);

    public static PageModel Of(StatusFacts facts, IEnumerable<DayBackup> backups, Live live, PerbOptions options)
    {
        var calendar = Calendar.Of(DayCount, backups, options.TimeZone, facts.Now);
        var lines = facts.Guests.Select(guest => new GuestLine(guest, calendar.Of(guest)))
            .ToLookup(line => line.Guest.Verdict is GuestVerdict.Met or GuestVerdict.Late);
        return new PageModel(
            options.Proxmox.Node,
            facts.Now,
            options.TimeZone,
            facts.LastPoll,
            calendar.Days,
            [.. lines[true]
                .OrderBy(line => line.Guest.Verdict == GuestVerdict.Late ? 0 : 1)
                .ThenBy(line => line.Guest.SafeUntil ?? DateTimeOffset.MinValue)
                .ThenBy(line => line.Guest.Guest)],
            [.. lines[false].OrderBy(line => line.Guest.Verdict).ThenBy(line => line.Guest.Guest)],
            [.. facts.Concerns.OrderBy(concern => concern.IsUrgent ? 0 : 1)],
            [.. options.Remotes.Select(remote => new RemoteLine(
                remote.Name,
                facts.Stocks.Remotes.FirstOrDefault(stock => stock.Remote == remote.Name),
                facts.Queues.FirstOrDefault(queue => queue.Remote == remote.Name),
                facts.HeldBack.FirstOrDefault(held => held.Remote == remote.Name)))],
            live);
    }
}

/// <summary>The page as it is now: made at most once a second, however many look.</summary>
internal sealed class PageModelReader : IDisposable
{
    private readonly StatusLook _look;
    private readonly MonitoringStore _monitoring;
    private readonly LiveQueue _live;
    private readonly PerbOptions _options;
    private readonly LatestOf<byte[]> _latest;

    public PageModelReader(StatusLook look, MonitoringStore monitoring, LiveQueue live, PerbOptions options, TimeProvider time)
    {
        (_look, _monitoring, _live, _options) = (look, monitoring, live, options);
        _latest = new LatestOf<byte[]>(async token => PageHtml.Of(await ReadAsync(token)), TimeSpan.FromSeconds(1), time);
    }

    public async Task<PageModel> ReadAsync(CancellationToken cancellationToken)
    {
        var facts = await _look.ReadAsync(cancellationToken);
        var longestRpo = _options.RpoOverrides.Select(entry => entry.Rpo).Append(_options.Rpo).Max();
        var since = Calendar.Since(PageModel.DayCount, longestRpo, _options.TimeZone, facts.Now);
        return PageModel.Of(
            facts, await _monitoring.DaysAsync(since, cancellationToken), await _live.ReadAsync(cancellationToken), _options);
    }

    public Task<byte[]> ReadHtmlAsync(CancellationToken cancellationToken) => _latest.GetAsync(cancellationToken);

    public void Dispose() => _latest.Dispose();
}
