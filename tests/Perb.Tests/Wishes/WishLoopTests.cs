using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Perb.Scheduler;
using Perb.Scheduler.Backups;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Discovery;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Pipeline;
using Perb.Scheduler.Store;
using Perb.Scheduler.Wishes;
using Perb.TestKit.Http;
using Perb.Tests.Configuration;
using Perb.Tests.Discovery;
using Perb.Tests.ProxmoxClient;
using Perb.Tests.Store;

namespace Perb.Tests.Wishes;

/// <summary>The service's side: a real store, a real watch on a directory, a clock that stands still.</summary>
public sealed class WishLoopTests : IAsyncLifetime
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    private readonly NodeConnection _node = new(_ => RawAnswer.Json("""{ "data": null }"""));
    private readonly HeldArchives _held = Parts.Hold();
    private TestStore _store = null!;
    private PerbOptions _options = null!;
    private Func<string, string?> _faultOf = ArchivePath.FaultOf;

    private WishStore Wishes => new(_store.Database, _store.Time);

    public async ValueTask InitializeAsync()
    {
        _store = await TestStore.OpenAsync();
        _options = Some.Options($"\"StateDirectory\": \"{_store.Folder}\"");
    }

    public async ValueTask DisposeAsync()
    {
        _held.Dispose();
        await _node.DisposeAsync();
        await _store.DisposeAsync();
    }

    [Fact]
    public async Task A_wish_is_carried_out_at_the_bell_without_waiting_for_the_clock()
    {
        var id = await _store.AddAsync(Archives.Found());
        using var loop = Loop();
        await loop.StartAsync(TestStore.Stop);

        var wish = await Wishes.AppendAsync(new Wish(WishKind.Skip) { Backups = [id] }, TestStore.Stop);
        await RingUntilDoneAsync(wish);

        Assert.Equal(BackupState.Skipped, Assert.Single(await _store.Status.ListAsync(null, null, TestStore.Stop)).State);
        await loop.StopAsync(TestStore.Stop);
    }

    [Fact]
    public async Task A_wish_that_nobody_rang_for_is_found_at_the_next_look()
    {
        using var loop = Loop();
        await loop.StartAsync(TestStore.Stop);
        var wish = await Wishes.AppendAsync(new Wish(WishKind.Retry) { All = true }, TestStore.Stop);

        await WaitForAsync(wish, () => _store.Time.Advance(_options.Discovery.Poll));

        Assert.Empty((await Wishes.OutcomeOfAsync(wish, TestStore.Stop))!.Faults);
        await loop.StopAsync(TestStore.Stop);
    }

    [Fact]
    public async Task A_wish_that_was_carried_out_but_not_recorded_is_carried_out_again_without_harm()
    {
        var id = await _store.AddAsync(Archives.Found());
        await Wishes.AppendAsync(new Wish(WishKind.Skip) { Backups = [id] }, TestStore.Stop);
        await new ByHandStore(_store.Database, _store.Time).SkipAsync([id], TestStore.Stop);
        var before = (await _store.DumpAsync()).ReplaceLineEndings();

        await OpenWishes().CarryOutAsync(WishRow.Quick, TestStore.Stop);

        Assert.Null(await Wishes.NextAsync(WishRow.Quick, TestStore.Stop));
        Assert.Equal(before, (await _store.DumpAsync()).ReplaceLineEndings());
    }

    [Fact]
    public async Task A_wish_that_cannot_be_carried_out_is_answered_and_the_next_one_is_carried_out()
    {
        var broken = await Wishes.AppendAsync(new Wish(WishKind.Skip), TestStore.Stop);
        await _store.ExecuteAsync("UPDATE wish SET argument = '{ broken'");
        var away = await Wishes.AppendAsync(new Wish(WishKind.Ship) { Guests = [100] }, TestStore.Stop);
        var good = await Wishes.AppendAsync(new Wish(WishKind.Retry) { All = true }, TestStore.Stop);

        await OpenWishes().CarryOutAsync(WishRow.Quick, TestStore.Stop);

        Assert.Equal(ExitCode.Failed, (await Wishes.OutcomeOfAsync(broken, TestStore.Stop))!.Code);
        Assert.Single((await Wishes.OutcomeOfAsync(away, TestStore.Stop))!.Faults);
        Assert.Empty((await Wishes.OutcomeOfAsync(good, TestStore.Stop))!.Faults);
    }

    [Fact]
    public async Task A_wish_for_an_archive_on_a_mount_that_hangs_is_answered_and_the_next_one_is_carried_out()
    {
        using var answers = new ManualResetEventSlim();
        _faultOf = _ =>
        {
            answers.Wait(TestStore.Stop);
            return null;
        };
        var hanging = await Wishes.AppendAsync(new Wish(WishKind.Ship) { Paths = ["/mnt/dead/archive"] }, TestStore.Stop);
        var next = await Wishes.AppendAsync(new Wish(WishKind.Retry) { All = true }, TestStore.Stop);

        var carrying = OpenWishes().CarryOutAsync(WishRow.Quick, TestStore.Stop);
        await WaitForAsync(next, () => _store.Time.Advance(TimeSpan.FromSeconds(5)));
        await carrying;

        answers.Set();
        Assert.Equal(ExitCode.TryLater, (await Wishes.OutcomeOfAsync(hanging, TestStore.Stop))!.Code);
        Assert.Empty((await Wishes.OutcomeOfAsync(next, TestStore.Stop))!.Faults);
    }

    [Fact]
    public async Task What_takes_hours_on_a_remote_holds_up_no_wish_that_only_the_store_is_needed_for()
    {
        var verify = await Wishes.AppendAsync(new Wish(WishKind.Verify) { Download = true }, TestStore.Stop);
        var retry = await Wishes.AppendAsync(new Wish(WishKind.Retry) { All = true }, TestStore.Stop);

        await OpenWishes().CarryOutAsync(WishRow.Quick, TestStore.Stop);

        Assert.NotNull(await Wishes.OutcomeOfAsync(retry, TestStore.Stop));
        Assert.Null(await Wishes.OutcomeOfAsync(verify, TestStore.Stop));
        Assert.Equal(verify, (await Wishes.NextAsync(WishRow.Slow, TestStore.Stop))?.Id);
    }

    // The watch may begin a moment after the start; a second ring does no harm.
    private Task RingUntilDoneAsync(long wish) => WaitForAsync(wish, () => WishBell.Ring(_store.Folder));

    private async Task WaitForAsync(long wish, Action nudge)
    {
        var startedAt = TimeProvider.System.GetTimestamp();
        while (await Wishes.OutcomeOfAsync(wish, TestStore.Stop) is null)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(startedAt) < Longest, "it was never carried out");
            nudge();
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, TestStore.Stop);
        }
    }

    private WishLoop Loop() => new(OpenWishes(), _options, _store.Time, NullLogger<WishLoop>.Instance);

    // Retiring needs the store alone, and nothing else of it is asked for here.
    private CopiesByHand NoCopies() => new(null!, null!, new RetentionStore(_store.Database, _store.Time), _options);

    private OpenWishes OpenWishes()
    {
        var (api, wakeUp) = (_node.Api, new WakeUp());
        var tasks = new VzdumpTasks(api, "pve1");
        var storages = new StorageListing(api, new DumpListing(TimeZoneInfo.Utc), _options, _store.Time);
        var archives = new ArchivesByHand(api, tasks, storages, _held, _store.Discovery, _options, _store.Time) { FaultOf = _faultOf };
        var unconfigured = new UnconfiguredRemotes(_store.Status, new Troubles(_store.Status, NullLogger<Troubles>.Instance), _options);
        var carryOut = new CarryOutWish(
            new ByHandStore(_store.Database, _store.Time), archives, NoCopies(), _store.Status, unconfigured, _options, wakeUp, NullLogger<CarryOutWish>.Instance);
        return new OpenWishes(Wishes, carryOut, NullLogger<OpenWishes>.Instance);
    }
}
