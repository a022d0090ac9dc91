using Perb.Scheduler.Configuration;
using Perb.Scheduler.Safety;
using Perb.Scheduler.Store;

namespace Perb.Scheduler.Notifying;

/// <summary>All that is wrong now, by one look at the store: what people are told, what the page shows and what metrics count.</summary>
public sealed class Concerns(StatusStore status, AlarmStore store, PerbOptions options)
{
    /// <param name="guests">As they were judged in the same look.</param>
    /// <param name="cancellationToken">Stops the look.</param>
    public async Task<IReadOnlyList<Concern>> ReadAsync(IReadOnlyList<GuestSafety> guests, CancellationToken cancellationToken)
    {
        var remotes = options.Remotes.Select(remote => remote.Name);
        return
        [
            .. Concern.OfNobody(SafetySummary.Of(guests)) is { } nobody ? [nobody] : (Concern[])[],
            .. guests.Select(guest => Concern.Of(guest, options.TimeZone)).OfType<Concern>(),
            .. (await store.BrokenAsync(remotes, cancellationToken)).Select(Concern.Of).OfType<Concern>(),
            .. (await status.TroublesAsync(cancellationToken)).Select(Concern.Of),
        ];
    }
}
