using Perb.Scheduler.Backups;
using Perb.Scheduler.Discovery;
using Perb.TestKit.Http;
using Perb.Tests.Configuration;
using Perb.Tests.ProxmoxClient;
using Perb.Tests.Store;

namespace Perb.Tests.Discovery;

public sealed class StorageListingTests
{
    [Theory]
    [InlineData(BackupState.Discovered, "", true)]
    [InlineData(BackupState.Discovered, "\"local\"", false)] // it is not wanted any more
    [InlineData(BackupState.Published, "", false)] // nothing waits
    public async Task A_storage_that_is_not_shown_any_more_is_named_while_archives_in_it_wait(BackupState state, string wanted, bool expected)
    {
        await using var node = new NodeConnection(request => RawAnswer.Json(
            request.Target.EndsWith("/nodes", StringComparison.Ordinal) ? """{ "data": [ { "node": "pve1", "status": "online" } ] }""" : """{ "data": [] }"""));
        var options = Some.Options($"\"Proxmox\": {{ \"Node\": \"pve1\" }}, \"Discovery\": {{ \"Storages\": [ {wanted} ] }}");
        var listing = new StorageListing(node.Api, new DumpListing(TimeZoneInfo.Utc), options, TimeProvider.System);
        var known = Archives.Known(Archives.Found(100, storage: "usb"), state);

        var look = await listing.LookAsync(new TaskView(true, [], Archives.Now), [known, known with { Remote = "s" }], TestStore.Stop);

        Assert.Equal(expected, look.Absences.TryGetValue("usb", out var absence));
        Assert.Equal(expected, absence?.EndsWith("wait to be shipped: 1", StringComparison.Ordinal) ?? false);
        Assert.Empty(look.Listing.StoragesSpokenFor);
        Assert.False(look.Listing.IsComplete);
    }
}
