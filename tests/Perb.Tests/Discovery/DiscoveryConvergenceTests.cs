using CsCheck;
using Perb.Scheduler.Discovery;
using Perb.Tests.Store;

namespace Perb.Tests.Discovery;

/// <summary>Whatever a listing shows, after it was applied the same listing changes nothing more: with the real store.</summary>
public sealed class DiscoveryConvergenceTests : IAsyncLifetime
{
    private static readonly Gen<FoundArchive> Archive = Gen.Select(
        Pick.From(100, 101), Gen.Int[0, 2], Pick.From("a", "b"), Gen.Long[1, 2], Gen.Bool, Pick.From("vma.zst", "vma.gz"))
        .Select((vmId, week, storage, size, settled, ending) => Archives.Found(vmId, week * 7, storage, size, settled, ending));

    private static readonly Gen<Look> Looks = Gen.Select(
        Archive.List[0, 8], Pick.From("a", "b", "ab", ""), Pick.From("", "100", "101"), Pick.From("", "claim", "publish", "fail"))
        .Select((archives, storages, excluded, work) => new Look(
            [.. archives.DistinctBy(archive => archive.Path)], storages.Select(letter => letter.ToString()).ToHashSet(), excluded, work));

    private TestStore _store = null!;

    public async ValueTask InitializeAsync() => _store = await TestStore.OpenAsync();

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    [Fact]
    public Task Applying_a_listing_leaves_nothing_to_change() => Looks.List[1, 5].SampleAsync(
        async looks =>
        {
            await _store.ExecuteAsync("DELETE FROM backup");
            foreach (var look in looks)
            {
                await WorkAsync(look.Work);
                var changes = await DiffAsync(look);
                await _store.Discovery.ApplyAsync(changes, _ => "test", Archives.Now, TestStore.Stop);
                Assert.Empty(await DiffAsync(look));
            }
        },
        iter: 60,
        threads: 1);

    private async Task WorkAsync(string work)
    {
        if (work.Length == 0 || await _store.Claims.ClaimNextAsync("r", null, TestStore.Stop) is not { } claim)
        {
            return;
        }

        if (work == "publish")
        {
            await _store.Pipeline.RecordPublishedAsync(claim, Scheduler.Backups.VerifyLevel.Hash, TestStore.Manifest);
        }
        else if (work == "fail")
        {
            await _store.Pipeline.RecordFailureAsync(claim, new(Scheduler.Backups.FailureKind.NeedsOperator, "broken"), null);
        }
    }

    private async Task<IReadOnlyList<DiscoveryChange>> DiffAsync(Look look)
    {
        var options = look.Excluded.Length == 0 ? Archives.Defaults : Archives.Excluding(look.Excluded);
        return new DiscoveryDiff(new CatchUpPolicy(options), ["r", "s"]).Between(
            await _store.Discovery.LoadKnownAsync(TestStore.Stop),
            new Listing(look.Archives, look.Storages, look.Storages.Count == 2),
            new Dictionary<int, Scheduler.Store.KnownGuest>(),
            Archives.Now);
    }

    private sealed record Look(IReadOnlyList<FoundArchive> Archives, IReadOnlySet<string> Storages, string Excluded, string Work);
}
