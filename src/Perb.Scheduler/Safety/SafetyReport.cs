using Perb.Scheduler.Configuration;
using Perb.Scheduler.Store;

namespace Perb.Scheduler.Safety;

/// <summary>
/// Judges every guest that exists on the node, has archives, or has copies, by one look at the store; the node is not asked. Cheap enough to
/// be read whenever somebody looks.
/// </summary>
public sealed class SafetyReport(StatusStore store, PerbOptions options, TimeProvider time)
{
    /// <summary>By number of the guest.</summary>
    public async Task<IReadOnlyList<GuestSafety>> ReadAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        return [.. (await store.GuestsAsync(cancellationToken)).Select(guest => GuestSafety.Of(guest, options, now))];
    }
}
