using Perb.Scheduler.Backups;
using Perb.Scheduler.Discovery;
using Perb.Scheduler.Pipeline;
using Perb.Scheduler.Store;
using Perb.Tests.Discovery;
using Perb.Transfer.Hashing;
using Perb.Transfer.Manifests;
using Perb.Transfer.Sealing;

namespace Perb.Tests.Store;

public sealed class PipelineStoreTests : IAsyncLifetime
{
    private static readonly FoundArchive Archive = Archives.Found();

    private TestStore _store = null!;

    public async ValueTask InitializeAsync()
    {
        _store = await TestStore.OpenAsync();
        await _store.AddAsync(Archive);
    }

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    [Fact]
    public async Task A_plan_reads_back_byte_for_byte()
    {
        var plan = TestStore.PlanFor(Archive);
        var claim = await _store.ClaimAsync();
        Assert.Null(await _store.Pipeline.LoadPlanAsync(claim.Backup, TestStore.Stop));

        await _store.Pipeline.RecordPlanAsync(claim, plan);

        var read = await _store.Pipeline.LoadPlanAsync(claim.Backup, TestStore.Stop);
        Assert.Equivalent(plan, read, strict: true);
        Assert.Equal(plan.Tar.Head, read!.Tar.Head);
        Assert.Equal(plan.Tar.Tail, read.Tar.Tail);
        Assert.Equal(["AAAA", "BBBB"], (await _store.Pipeline.RecipientsInUseAsync(TestStore.Stop)).Order());
        Assert.Equal(plan.VolumeCount, Assert.Single(await _store.Status.ListAsync(null, null, TestStore.Stop)).VolumeCount);
    }

    [Theory]
    [InlineData("published")]
    [InlineData("handed back")]
    [InlineData("failed")]
    public async Task What_is_being_done_is_forgotten_with_the_claim(string end)
    {
        var claim = await _store.ClaimAsync();
        await _store.Claims.RenewAsync(claim, new Activity("seal", 1, 1, 1, 2, 3), TestStore.Stop);
        Assert.Contains("activity: ", await _store.DumpAsync(), StringComparison.Ordinal);

        await (end switch
        {
            "published" => _store.Pipeline.RecordPublishedAsync(claim, VerifyLevel.Hash, TestStore.Manifest),
            "handed back" => _store.Pipeline.ReleaseAsync(claim, "test"),
            _ => _store.Pipeline.RecordFailureAsync(claim, new Failure(FailureKind.NeedsOperator, "test"), null),
        });

        Assert.DoesNotContain("activity: ", await _store.DumpAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_void_plan_takes_its_volumes_along()
    {
        var claim = await _store.ClaimAsync();
        await _store.Pipeline.RecordPlanAsync(claim, TestStore.PlanFor(Archive));
        await _store.Pipeline.RecordSealedAsync(claim, Sealed(1, null));

        await _store.Pipeline.VoidPlanAsync(claim, "the archive changed");

        Assert.Null(await _store.Pipeline.LoadPlanAsync(claim.Backup, TestStore.Stop));
        Assert.Empty(await _store.Pipeline.LoadVolumesAsync(claim.Backup.Id, TestStore.Stop));
    }

    [Theory]
    [InlineData(null)]
    [InlineData(HashKind.Sha1)]
    [InlineData(HashKind.QuickXor)]
    public async Task A_volume_gathers_its_facts_one_by_one(HashKind? other)
    {
        var claim = await _store.ClaimAsync();
        await _store.Pipeline.RecordSealedAsync(claim, Sealed(2, other));
        await _store.Pipeline.RecordSealedAsync(claim, Sealed(1, other));
        var volumes = await _store.Pipeline.LoadVolumesAsync(claim.Backup.Id, TestStore.Stop);

        Assert.Equal([1, 2], volumes.Select(volume => volume.Number));
        Assert.Equal((Sealed(1, other).Digests, (DateTimeOffset?)null, (DateTimeOffset?)null), (volumes[0].Digests, volumes[0].UploadedAt, volumes[0].VerifiedAt));
        Assert.Equal(["r/v1.enc", "r/v2.enc"], (await _store.Pipeline.StagedNamesAsync(TestStore.Stop)).Order());

        await _store.Pipeline.RecordVolumeUploadedAsync(claim, volumes[0]);
        await _store.Pipeline.RecordVolumeVerifiedAsync(claim, volumes[0], VerifyLevel.Hash);

        var first = (await _store.Pipeline.LoadVolumesAsync(claim.Backup.Id, TestStore.Stop))[0];
        Assert.Equal((_store.Time.GetUtcNow(), _store.Time.GetUtcNow(), VerifyLevel.Hash), (first.UploadedAt, first.VerifiedAt, first.VerifiedHow));
        Assert.Equal(["r/v2.enc"], await _store.Pipeline.StagedNamesAsync(TestStore.Stop));
    }

    [Fact]
    public async Task A_forgotten_volume_is_sealed_again()
    {
        var claim = await _store.ClaimAsync();
        await _store.Pipeline.RecordSealedAsync(claim, Sealed(1, null));
        var volume = Assert.Single(await _store.Pipeline.LoadVolumesAsync(claim.Backup.Id, TestStore.Stop));

        await _store.Pipeline.ForgetVolumeAsync(claim, volume, "the remote has something else");

        Assert.Empty(await _store.Pipeline.LoadVolumesAsync(claim.Backup.Id, TestStore.Stop));
    }

    [Fact]
    public async Task The_whole_way_is_in_the_history()
    {
        var claim = await _store.ClaimAsync();
        await _store.Pipeline.RecordPlanAsync(claim, TestStore.PlanFor(Archive));
        await _store.Pipeline.RecordSealedAsync(claim, Sealed(1, null));
        var volume = Assert.Single(await _store.Pipeline.LoadVolumesAsync(claim.Backup.Id, TestStore.Stop));
        await _store.Pipeline.RecordVolumeUploadedAsync(claim, volume);
        await _store.Pipeline.RecordVolumeVerifiedAsync(claim, volume, VerifyLevel.Hash);
        var verified = await _store.Pipeline.RecordAllVerifiedAsync(claim, VerifyLevel.Hash);
        await _store.Pipeline.RecordPublishedAsync(verified, VerifyLevel.Hash, TestStore.Manifest);

        Assert.Equal(["discovered", "planned", "sealed", "uploaded", "verified", "verified", "published"], await _store.EventsAsync(claim.Backup.Id));
        var backup = Assert.Single(await _store.Status.ListAsync("r", 100, TestStore.Stop));
        Assert.Equal((BackupState.Published, "hash", _store.Time.GetUtcNow()), (backup.State, backup.VerifiedHow, backup.PublishedAt));
    }

    [Fact]
    public async Task Verified_volumes_that_are_gone_take_the_backup_back_to_its_beginning()
    {
        var claim = await _store.Pipeline.RecordAllVerifiedAsync(await _store.ClaimAsync(), VerifyLevel.Hash);
        Assert.Equal((BackupState.Verified, "hash", _store.Time.GetUtcNow()), (claim.Backup.State, claim.Backup.VerifiedHow, claim.Backup.VerifiedAt));

        var unverified = await _store.Pipeline.RecordUnverifiedAsync(claim);

        var backup = Assert.Single(await _store.Status.ListAsync(null, null, TestStore.Stop));
        Assert.Equal((BackupState.Discovered, null, null), (backup.State, backup.VerifiedHow, backup.VerifiedAt));
        Assert.Equal((BackupState.Discovered, null, null), (unverified.Backup.State, unverified.Backup.VerifiedHow, unverified.Backup.VerifiedAt));
        await Assert.ThrowsAsync<LeaseLostException>(() => _store.Pipeline.RecordPublishedAsync(claim, VerifyLevel.Hash, TestStore.Manifest));
    }

    [Fact]
    public async Task A_copy_is_taken_over_wholly_or_not_at_all()
    {
        var claim = await _store.ClaimAsync();
        var volume = new ManifestVolume("v1.enc", 10, new Digests("aa"));
        var before = await _store.DumpAsync();

        await Assert.ThrowsAnyAsync<Exception>(() => _store.Pipeline.RecordAdoptedAsync(
            claim, [volume, volume with { Name = null! }], VerifyLevel.Download, TestStore.Manifest, keepsPlan: false)); // the second cannot be written
        Assert.Equal(before, await _store.DumpAsync());

        await _store.Pipeline.RecordSealedAsync(claim, Sealed(3, null)); // of the attempt before
        await _store.Pipeline.RecordAdoptedAsync(claim, [volume, volume with { Name = "v2.enc" }], VerifyLevel.Download, TestStore.Manifest, keepsPlan: false);

        var volumes = await _store.Pipeline.LoadVolumesAsync(claim.Backup.Id, TestStore.Stop);
        Assert.Equal(["v1.enc", "v2.enc"], volumes.Select(one => one.Name));
        Assert.All(volumes, one => Assert.Equal((_store.Time.GetUtcNow(), VerifyLevel.Download), (one.VerifiedAt, one.VerifiedHow)));
        var backup = Assert.Single(await _store.Status.ListAsync(null, null, TestStore.Stop));
        Assert.Equal((BackupState.Published, "download"), (backup.State, backup.VerifiedHow));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_plan_stays_beside_a_copy_that_was_taken_over_only_if_that_was_made_under_it(bool isOfPlan)
    {
        var claim = await _store.ClaimAsync();
        await _store.Pipeline.RecordPlanAsync(claim, TestStore.PlanFor(Archive));

        await _store.Pipeline.RecordAdoptedAsync(claim, [new ManifestVolume("v1.enc", 10, new Digests("aa"))], VerifyLevel.Hash, TestStore.Manifest, keepsPlan: isOfPlan);

        Assert.Equal(isOfPlan, await _store.Pipeline.LoadPlanAsync(claim.Backup, TestStore.Stop) is not null);
        Assert.Equal(1, Assert.Single(await _store.Status.ListAsync(null, null, TestStore.Stop)).VolumeCount);
    }

    [Fact]
    public async Task A_manifest_is_of_the_plan_only_to_the_byte()
    {
        var claim = await _store.ClaimAsync();
        await _store.Pipeline.RecordPlanAsync(claim, TestStore.PlanFor(Archive));
        Assert.False(await PlannedManifest.IsAsync(_store.Pipeline, claim.Backup, [], TestStore.Stop));
        await _store.Pipeline.RecordSealedAsync(claim, Sealed(1, null));
        var own = await PlannedManifest.BytesAsync(_store.Pipeline, claim.Backup, allVerified: false, TestStore.Stop);

        Assert.True(await PlannedManifest.IsAsync(_store.Pipeline, claim.Backup, own!, TestStore.Stop));
        Assert.False(await PlannedManifest.IsAsync(_store.Pipeline, claim.Backup, [.. own!, (byte)'\n'], TestStore.Stop));
    }

    [Fact]
    public async Task Only_failures_that_nobody_can_explain_count_as_such()
    {
        await FailAsync(FailureKind.Transient);
        await FailAsync(FailureKind.Unexpected);
        await FailAsync(FailureKind.SourceMissing);

        var claim = await _store.ClaimAsync();

        Assert.Equal((3, 1), (claim.Backup.Attempt, claim.Backup.UnexpectedFailures));
        await _store.Pipeline.RecordPublishedAsync(claim, VerifyLevel.Hash, TestStore.Manifest);
        Assert.Equal(0, Assert.Single(await _store.Status.ListAsync(null, null, TestStore.Stop)).UnexpectedFailures);
    }

    [Fact]
    public async Task An_rclone_is_known_until_its_volume_is_uploaded()
    {
        var claim = await _store.ClaimAsync();
        var volume = await _store.Pipeline.RecordSealedAsync(claim, Sealed(1, null));
        await _store.Claims.NoteUploaderAsync(claim, volume.Name, "1234:5678");
        Assert.Equal([("r", "1234:5678")], await _store.Claims.UploadersAsync(TestStore.Stop));

        await _store.Pipeline.RecordVolumeUploadedAsync(claim, volume);

        Assert.Empty(await _store.Claims.UploadersAsync(TestStore.Stop));
    }

    [Fact]
    public async Task Success_forgets_earlier_failures()
    {
        await _store.Pipeline.RecordFailureAsync(await _store.ClaimAsync(), new Failure(FailureKind.Transient, "away"), _store.Time.GetUtcNow());
        await _store.Pipeline.RecordPublishedAsync(await _store.ClaimAsync(), VerifyLevel.Hash, TestStore.Manifest);

        var backup = Assert.Single(await _store.Status.ListAsync(null, null, TestStore.Stop));
        Assert.Equal((0, null, null), (backup.Attempt, backup.Failure, backup.NextAttemptAt));
    }

    [Fact]
    public async Task Without_another_attempt_a_person_is_needed()
    {
        await _store.Pipeline.RecordFailureAsync(await _store.ClaimAsync(), new Failure(FailureKind.NeedsOperator, "broken"), null);

        var backup = Assert.Single(await _store.Status.FailuresAsync(10, TestStore.Stop));
        Assert.Equal((BackupState.Failed, "broken", 1), (backup.State, backup.Failure, backup.Attempt));
    }

    [Fact]
    public async Task Discovery_leaves_a_claimed_backup_to_its_worker()
    {
        var claim = await _store.ClaimAsync();
        var before = await _store.DumpAsync();

        await _store.Discovery.ApplyAsync(
            [
                new DiscoveryChange.Replaced(claim.Backup.Id, Archive with { SizeBytes = 2 }),
                new DiscoveryChange.Skipped(claim.Backup.Id, "rule"),
                new DiscoveryChange.SourceGone(claim.Backup.Id, Archive.Path),
            ],
            _ => "test",
            _store.Time.GetUtcNow(),
            TestStore.Stop);

        Assert.Equal(before, await _store.DumpAsync());
    }

    private async Task FailAsync(FailureKind kind) =>
        await _store.Pipeline.RecordFailureAsync(await _store.ClaimAsync(), new Failure(kind, "x"), _store.Time.GetUtcNow());

    private static SealedVolume Sealed(int number, HashKind? other) =>
        new(number, $"v{number}.enc", $"/staging/v{number}.enc", 10, new Digests("aa", other, other is null ? null : "bb"));
}
