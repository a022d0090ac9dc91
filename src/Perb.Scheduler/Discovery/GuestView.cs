using Perb.ProxmoxClient;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Store;

namespace Perb.Scheduler.Discovery;

/// <summary>A cluster that suddenly shows no guest at all is not believed, even to a token that may see them: nobody becomes "gone" by that.</summary>
internal static class GuestView
{
    public const string Subject = "view of guests";

    public static async Task<bool> IsDoubtfulAsync(
        IReadOnlyList<Guest> guests, StatusStore status, Troubles troubles, CancellationToken cancellationToken)
    {
        var before = guests.Count == 0 ? await status.GuestsSeenAsync(cancellationToken) : 0;
        await troubles.SetAsync(
            Subject,
            before == 0
                ? null
                : $"Proxmox shows no guest at all, and there were {before} on this node: nothing is concluded from that, they are judged as they were last seen; "
                    + "check the roles of token and user (pveum user permissions), and pvestatd",
            cancellationToken);
        return before > 0;
    }
}
