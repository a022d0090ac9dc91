using System.Text.Json;
using Perb.Scheduler.Store;
using Perb.Scheduler.Wishes;

namespace Perb.Tests.Store;

public sealed class WishStoreTests : IAsyncLifetime
{
    private TestStore _store = null!;

    private WishStore Wishes => new(_store.Database, _store.Time);

    public async ValueTask InitializeAsync() => _store = await TestStore.OpenAsync();

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    [Fact]
    public async Task Wishes_are_carried_out_in_the_order_in_which_they_were_asked_for()
    {
        var first = await Wishes.AppendAsync(new Wish(WishKind.Skip) { Backups = [1, 2] }, TestStore.Stop);
        var second = await Wishes.AppendAsync(new Wish(WishKind.Retry) { All = true }, TestStore.Stop);

        Assert.Equal("skip 1 2", await NextAsync(first));
        Assert.Equal("skip 1 2", await NextAsync(first)); // until it is done
        await Wishes.RecordAsync(first, new WishOutcome { Backups = [1, 2] });
        Assert.Equal("retry --all", await NextAsync(second));
        await Wishes.RecordAsync(second, new WishOutcome());
        Assert.Null(await Wishes.NextAsync(WishRow.Quick, TestStore.Stop));
    }

    [Fact]
    public async Task Whatever_a_wish_says_is_handed_on()
    {
        var wish = new Wish(WishKind.Ship) { Paths = ["/mnt/a b/\"x\"\n\u202Ez.vma", "/y"], Guests = [100], Remotes = ["r"] };
        await Wishes.AppendAsync(wish, TestStore.Stop);

        var (_, argument) = (await Wishes.NextAsync(WishRow.Quick, TestStore.Stop)).GetValueOrDefault();

        Assert.Equal(JsonSerializer.Serialize(wish), JsonSerializer.Serialize(JsonSerializer.Deserialize(argument, WishJson.Default.Wish)));
    }

    [Fact]
    public async Task An_outcome_is_handed_back_once_there_is_one_and_is_never_changed()
    {
        var id = await Wishes.AppendAsync(new Wish(WishKind.Skip) { Backups = [1] }, TestStore.Stop);
        Assert.Null(await Wishes.OutcomeOfAsync(id, TestStore.Stop));

        await Wishes.RecordAsync(id, WishOutcome.Refused(Scheduler.ExitCode.Usage, "no", "neither"));
        await Wishes.RecordAsync(id, new WishOutcome());

        var outcome = await Wishes.OutcomeOfAsync(id, TestStore.Stop);
        Assert.Equal(["no", "neither"], outcome!.Faults);
        Assert.Equal(Scheduler.ExitCode.Usage, outcome.Code);
    }

    [Fact]
    public async Task Old_wishes_are_forgotten_unless_nobody_carried_them_out()
    {
        var done = await Wishes.AppendAsync(new Wish(WishKind.Skip), TestStore.Stop);
        await Wishes.RecordAsync(done, new WishOutcome());
        var open = await Wishes.AppendAsync(new Wish(WishKind.Skip), TestStore.Stop);
        var later = await Wishes.AppendAsync(new Wish(WishKind.Skip), TestStore.Stop);

        _store.Time.Advance(WishStore.KeptFor + TimeSpan.FromSeconds(1));
        await Wishes.RecordAsync(later, new WishOutcome());

        Assert.Null(await Wishes.OutcomeOfAsync(done, TestStore.Stop));
        Assert.NotNull(await Wishes.OutcomeOfAsync(later, TestStore.Stop));
        Assert.Equal(open, (await Wishes.NextAsync(WishRow.Quick, TestStore.Stop))?.Id);
    }

    private async Task<string> NextAsync(long expected)
    {
        var (id, argument) = (await Wishes.NextAsync(WishRow.Quick, TestStore.Stop)).GetValueOrDefault();
        Assert.Equal(expected, id);
        return JsonSerializer.Deserialize(argument, WishJson.Default.Wish)!.InWords();
    }
}
