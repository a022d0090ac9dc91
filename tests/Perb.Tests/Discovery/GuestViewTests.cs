using Microsoft.Extensions.Logging.Abstractions;
using Perb.ProxmoxClient;
using Perb.Scheduler.Discovery;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Store;
using Perb.Tests.Store;

namespace Perb.Tests.Discovery;

public sealed class GuestViewTests
{
    private static readonly Guest Elsewhere = new(200, GuestType.Qemu, "pve2", null, null, null, new HashSet<string>(), false, null);

    [Fact]
    public async Task No_guest_at_all_is_doubted_where_there_were_some_and_believed_where_others_are_shown()
    {
        await using var store = await TestStore.OpenAsync();
        var troubles = new Troubles(store.Status, NullLogger<Troubles>.Instance);
        Assert.False(await IsDoubtfulAsync([])); // a new node

        await store.Discovery.RecordGuestsAsync([new KnownGuest(100, "qemu", "web", null, new HashSet<string>())], Archives.Now, TestStore.Stop);

        Assert.True(await IsDoubtfulAsync([]));
        Assert.Contains("no guest at all", Assert.Single(await store.Status.TroublesAsync(TestStore.Stop)).Text, StringComparison.Ordinal);
        Assert.False(await IsDoubtfulAsync([Elsewhere])); // all have moved away
        Assert.Empty(await store.Status.TroublesAsync(TestStore.Stop));

        Task<bool> IsDoubtfulAsync(IReadOnlyList<Guest> guests) => GuestView.IsDoubtfulAsync(guests, store.Status, troubles, TestStore.Stop);
    }
}
