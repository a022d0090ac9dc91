using Perb.Scheduler.Cli;
using Perb.Scheduler.Store;
using Perb.Tests.Configuration;
using Perb.Tests.Discovery;
using Perb.Tests.Store;

namespace Perb.Tests.Observability;

public sealed class StatusReportTests : IAsyncLifetime
{
    private const string TwoRemotes = "\"Remotes\": [ { \"Name\": \"r\" }, { \"Name\": \"s\", \"Path\": \"s:perb\" } ]";

    private TestStore _store = null!;

    public async ValueTask InitializeAsync() => _store = await TestStore.OpenAsync();

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    [Theory]
    [InlineData(1, "1.12:00:00", true)]
    [InlineData(1, "1.10:00:00", true)] // exactly so old
    [InlineData(1, "1.09:59:59", false)]
    public async Task A_guest_meets_its_rpo_if_its_newest_copy_is_young_enough(int daysOld, string rpo, bool met)
    {
        await ExistsAsync(100);
        await PublishAsync(daysOld, "r", "s");

        Assert.Equal(met, (await JudgeAsync($"\"Rpo\": \"{rpo}\"")).RpoMet);
    }

    [Fact]
    public async Task The_oldest_of_the_newest_copies_decides()
    {
        await ExistsAsync(100);
        await PublishAsync(0, "r");
        await PublishAsync(3, "r", "s");

        var guest = await JudgeAsync();

        Assert.Equal((Archives.Found().Time, (DateTimeOffset?)Archives.Found(daysOld: 3).Time, (bool?)false), (guest.NewestArchive, guest.NewestVerified, guest.RpoMet));
    }

    [Fact]
    public async Task A_remote_without_a_copy_is_not_forgotten()
    {
        await ExistsAsync(100);
        await PublishAsync(0, "r");

        var guest = await JudgeAsync();

        Assert.Equal(((DateTimeOffset?)null, (bool?)false), (guest.NewestVerified, guest.RpoMet));
    }

    [Fact]
    public async Task A_guest_that_was_never_backed_up_misses_its_rpo()
    {
        await ExistsAsync(100);

        Assert.False((await JudgeAsync()).RpoMet);
    }

    [Fact]
    public async Task A_guest_that_is_gone_is_not_judged()
    {
        await _store.Discovery.RecordGuestsAsync([], Archives.Now, TestStore.Stop);
        await PublishAsync(300, "r", "s");

        var guest = await JudgeAsync();

        Assert.Equal((null, (bool?)false, "gone"), (guest.RpoMet, guest.Exists, StatusScreen.RpoInWords(guest)));
        Assert.NotNull(guest.NewestVerified);
    }

    [Fact]
    public async Task A_guest_that_the_token_is_not_shown_is_unknown_and_not_gone()
    {
        await PublishAsync(300, "r", "s");

        var guest = await JudgeAsync();

        Assert.Equal(((bool?)null, (bool?)null, "unknown"), (guest.RpoMet, guest.Exists, StatusScreen.RpoInWords(guest)));
    }

    [Theory]
    [InlineData("[ { \"Guests\": [ \"qemu\" ], \"Rpo\": \"8.00:00:00\" } ]", true)]
    [InlineData("[ { \"Guests\": [ \"lxc\", \"90000\" ], \"Rpo\": \"8.00:00:00\" } ]", false)]
    [InlineData("[ { \"Guests\": [ \"100\" ], \"Rpo\": \"1.00:00:00\" }, { \"Guests\": [ \"qemu\" ], \"Rpo\": \"8.00:00:00\" } ]", false)]
    public async Task The_first_override_that_names_a_guest_holds(string overrides, bool met)
    {
        await ExistsAsync(100);
        await PublishAsync(5, "r", "s");

        Assert.Equal(met, (await JudgeAsync($"\"RpoOverrides\": {overrides}")).RpoMet);
    }

    private Task ExistsAsync(int vmId) => _store.Discovery.RecordGuestsAsync(
        [new KnownGuest(vmId, "qemu", "web", null, new HashSet<string>())], Archives.Now, TestStore.Stop);

    private async Task PublishAsync(int daysOld, params string[] remotes)
    {
        foreach (var remote in remotes)
        {
            await _store.PublishAsync(Archives.Found(daysOld: daysOld), remote);
        }
    }

    private async Task<GuestDocument> JudgeAsync(string change = "\"Rpo\": \"1.06:00:00\"")
    {
        var options = Some.Options($"{TwoRemotes}, \"StateDirectory\": \"{_store.Folder}\", {change}");
        return Assert.Single((await new StatusReport(_store.Status, new UploadStore(_store.Database, _store.Time), options, _store.Time).ReadAsync(TestStore.Stop)).Guests);
    }
}
