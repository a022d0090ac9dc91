using Perb.Scheduler.Backups;
using Perb.Scheduler.Store;
using Perb.Tests.Discovery;
using Perb.Transfer.Hashing;
using Perb.Transfer.Manifests;
using Perb.Transfer.Sealing;

namespace Perb.Tests.Store;

/// <summary>Every fact rests on a claim and a state; where those are gone, nothing is written.</summary>
public sealed class CompareAndSetTests : IAsyncLifetime
{
    private static readonly Digests SomeDigests = new("aa", HashKind.Md5, "bb");
    private static readonly VolumeRecord Volume = new(1, "v.enc", 10, SomeDigests, Archives.Now, null, null, null);
    private static readonly string[] WhateverTheState = ["release", "failure"];

    private static readonly Dictionary<string, Func<PipelineStore, Claim, Task>> Facts = new()
    {
        ["plan"] = (store, claim) => store.RecordPlanAsync(claim, TestStore.PlanFor(Archives.Found())),
        ["void plan"] = (store, claim) => store.VoidPlanAsync(claim, "changed"),
        ["sealed"] = (store, claim) => store.RecordSealedAsync(claim, new SealedVolume(1, "v.enc", "/staging/v.enc", 10, SomeDigests)),
        ["uploaded"] = (store, claim) => store.RecordVolumeUploadedAsync(claim, Volume),
        ["verified volume"] = (store, claim) => store.RecordVolumeVerifiedAsync(claim, Volume, VerifyLevel.Hash),
        ["void volume"] = (store, claim) => store.ForgetVolumeAsync(claim, Volume, "mismatch"),
        ["verified"] = (store, claim) => store.RecordAllVerifiedAsync(claim, VerifyLevel.Hash),
        ["unverified"] = (store, claim) => store.RecordUnverifiedAsync(claim),
        ["published"] = (store, claim) => store.RecordPublishedAsync(claim, VerifyLevel.Hash, TestStore.Manifest),
        ["adopted"] = (store, claim) => store.RecordAdoptedAsync(claim, [new ManifestVolume("v.enc", 10, SomeDigests)], VerifyLevel.Hash, TestStore.Manifest, keepsPlan: false),
        ["release"] = (store, claim) => store.ReleaseAsync(claim, "stopping"),
        ["failure"] = (store, claim) => store.RecordFailureAsync(claim, new Failure(FailureKind.NeedsOperator, "x"), null),
    };

    private TestStore _store = null!;

    public static TheoryData<string> Names => [.. Facts.Keys];

    public async ValueTask InitializeAsync() => _store = await TestStore.OpenAsync();

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_fact_is_recorded_under_a_claim_with_its_history(string fact)
    {
        var id = await _store.AddAsync(Archives.Found());
        var events = await _store.EventsAsync(id);

        await Facts[fact](_store.Pipeline, await _store.ClaimAsync());

        Assert.True((await _store.EventsAsync(id)).Count > events.Count);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task With_a_lost_claim_nothing_is_written(string fact)
    {
        await _store.AddAsync(Archives.Found());
        var lost = await _store.ClaimAsync();
        _store.Time.Advance(Claim.Lease + TimeSpan.FromSeconds(1));
        await _store.ClaimAsync();

        await CheckNothingIsWrittenAsync(fact, lost);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task In_another_state_only_the_end_of_a_claim_is_written(string fact)
    {
        await _store.AddAsync(Archives.Found());
        var claim = await _store.ClaimAsync();
        await _store.ExecuteAsync("UPDATE backup SET state = 'skipped'");

        if (WhateverTheState.Contains(fact))
        {
            await Facts[fact](_store.Pipeline, claim);
        }
        else
        {
            await CheckNothingIsWrittenAsync(fact, claim);
        }
    }

    [Theory]
    [InlineData("published")]
    [InlineData("adopted")]
    [InlineData("release")]
    [InlineData("failure")]
    public async Task What_ends_a_claim_ends_it_for_good(string fact)
    {
        await _store.AddAsync(Archives.Found());
        var claim = await _store.ClaimAsync();

        await Facts[fact](_store.Pipeline, claim);

        await Assert.ThrowsAsync<LeaseLostException>(() => _store.Claims.RenewAsync(claim, null, TestStore.Stop));
    }

    [Fact]
    public async Task Whose_claim_is_lost_cannot_say_which_rclone_writes_for_it()
    {
        await _store.AddAsync(Archives.Found());
        var lost = await _store.ClaimAsync();
        _store.Time.Advance(Claim.Lease + TimeSpan.FromSeconds(1));
        await _store.Claims.NoteUploaderAsync(await _store.ClaimAsync(), "a", "1:1");

        await Assert.ThrowsAsync<LeaseLostException>(() => _store.Claims.NoteUploaderAsync(lost, "a", "2:2"));

        Assert.Equal([("r", "1:1")], await _store.Claims.UploadersAsync(TestStore.Stop));
    }

    private async Task CheckNothingIsWrittenAsync(string fact, Claim claim)
    {
        var before = await _store.DumpAsync();

        await Assert.ThrowsAsync<LeaseLostException>(() => Facts[fact](_store.Pipeline, claim));

        Assert.Equal(before, await _store.DumpAsync());
    }
}
