using Perb.Scheduler.Backups;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Notifying;
using Perb.Scheduler.Safety;
using Perb.Scheduler.Store;

namespace Perb.Scheduler.Monitoring;

/// <summary>How everything stands, as one look at the store had it.</summary>
internal sealed record StatusFacts(
    DateTimeOffset Now,
    DateTimeOffset? LastPoll,
    DateTimeOffset? LastReconcile,
    IReadOnlyList<GuestSafety> Guests,
    IReadOnlyList<Concern> Concerns,
    IReadOnlyList<RemoteBacklog> Queues,
    IReadOnlyList<HeldBack> HeldBack,
    Stocks Stocks);

/// <summary>Reads what metrics and the page have in common. Guests have no names in it unless that is configured.</summary>
internal sealed class StatusLook(
    StatusStore status,
    SafetyReport safety,
    Concerns concerns,
    MonitoringStore monitoring,
    UploadStore uploads,
    RemoteStocks stocks,
    PerbOptions options,
    TimeProvider time)
{
    public async Task<StatusFacts> ReadAsync(CancellationToken cancellationToken)
    {
        var guests = await safety.ReadAsync(cancellationToken);
        if (!options.Status.GuestNames)
        {
            guests = [.. guests.Select(guest => guest with { Name = null })];
        }

        return new StatusFacts(
            time.GetUtcNow(),
            await status.TimeOfAsync("last poll", cancellationToken),
            await status.TimeOfAsync("last reconcile", cancellationToken),
            guests,
            await concerns.ReadAsync(guests, cancellationToken),
            await monitoring.QueuesAsync(cancellationToken),
            await uploads.HeldAsync(cancellationToken),
            await stocks.ReadAsync(cancellationToken));
    }
}
