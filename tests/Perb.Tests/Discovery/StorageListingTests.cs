using Microsoft.Extensions.Time.Testing;
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

    [Fact]
    public async Task A_storage_that_hangs_ends_the_wait_for_it_holds_up_no_other_and_is_listed_again_when_it_answers()
    {
        await using var node = new NodeConnection(request => RawAnswer.Json(request.Target.Split('?')[0] switch
        {
            "/api2/json/nodes" => """{ "data": [ { "node": "pve1", "status": "online" } ] }""",
            "/api2/json/storage" => """
                { "data": [ { "storage": "nas", "type": "dir", "path": "/nas", "content": "backup" }, { "storage": "local", "type": "dir", "path": "/vz", "content": "backup" } ] }
                """,
            _ => """{ "data": [ { "storage": "nas", "type": "dir", "active": 1 }, { "storage": "local", "type": "dir", "active": 1 } ] }""",
        }));
        using var answers = new ManualResetEventSlim();
        var (time, looks) = (new FakeTimeProvider(Archives.Now), 0);
        var listing = new StorageListing(node.Api, new DumpListing(TimeZoneInfo.Utc), Some.Options("\"Proxmox\": { \"Node\": \"pve1\" }"), time)
        {
            List = (directory, _) =>
            {
                if (directory.Storage == "nas" && Interlocked.Increment(ref looks) == 1)
                {
                    answers.Wait(TestStore.Stop);
                }

                return [Archives.Found(storage: directory.Storage)];
            },
        };

        var look = await PassingTimeAsync();
        Assert.Equal("/nas/dump does not answer: is the server of its mount there?", look.Absences["nas"]);
        Assert.Equal(["local"], look.Listing.StoragesSpokenFor);
        Assert.Equal(["nas"], listing.Away);
        Assert.Equal(["local"], look.Listing.Archives.Select(archive => archive.Storage));
        Assert.False(look.Listing.IsComplete);

        look = await LookAsync(); // the clock stands still: nobody waits for it again
        Assert.NotNull(look.Absences["nas"]);
        Assert.Equal(1, looks);

        answers.Set();
        while ((await LookAsync()).Absences["nas"] is not null)
        {
            await Task.Yield();
        }

        Assert.Empty(listing.Away);

        Task<StorageLook> LookAsync() => listing.LookAsync(new TaskView(true, [], Archives.Now), [], TestStore.Stop);

        async Task<StorageLook> PassingTimeAsync()
        {
            var looking = LookAsync();
            while (!looking.IsCompleted)
            {
                time.Advance(TimeSpan.FromSeconds(1));
                await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, TestStore.Stop);
            }

            return await looking;
        }
    }
}
