using Perb.Scheduler.Backups;
using Perb.Scheduler.Store;
using Perb.Tests.Discovery;
using Perb.Transfer.Hashing;
using Perb.Transfer.Sealing;

namespace Perb.Tests.Store;

public sealed class VerificationStoreTests : IAsyncLifetime
{
    private const int Share = 4;

    private TestStore _store = null!;
    private VerificationStore _verification = null!;

    public async ValueTask InitializeAsync()
    {
        _store = await TestStore.OpenAsync();
        _verification = new VerificationStore(_store.Database, _store.Time);
    }

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    /// <summary>Also behind a check by content, which no scheduled one is as good as.</summary>
    [Theory]
    [InlineData(VerifyLevel.Hash)]
    [InlineData(VerifyLevel.Download)]
    public async Task As_many_runs_as_the_share_says_cover_all_volumes_of_all_copies(VerifyLevel before)
    {
        foreach (var guest in (int[])[100, 101, 102])
        {
            await PublishAsync(guest, volumes: 5, before);
        }

        var covered = new HashSet<(long, int)>();
        for (var run = 0; run < Share; run++)
        {
            _store.Time.Advance(TimeSpan.FromDays(7));
            var due = await _verification.DueAsync("r", null, Share, TestStore.Stop);
            Assert.Equal(4, due.Count);
            covered.UnionWith(due);
            foreach (var backup in await _verification.BackupsAsync("r", null, TestStore.Stop))
            {
                foreach (var volume in (await _store.Pipeline.LoadVolumesAsync(backup.Id, TestStore.Stop)).Where(volume => due.Contains((backup.Id, volume.Number))))
                {
                    await _verification.RecordProofAsync(backup, volume, VerifyLevel.Hash);
                }
            }
        }

        Assert.Equal(15, covered.Count);
        Assert.All(
            await _verification.BackupsAsync("r", null, TestStore.Stop), backup => Assert.Equal(before.Word(), backup.VerifiedHow));
    }

    [Fact]
    public async Task What_is_broken_keeps_on_record_what_its_bytes_must_be()
    {
        await PublishAsync(100, volumes: 2, VerifyLevel.Hash);
        var backup = Assert.Single(await _verification.BackupsAsync("r", null, TestStore.Stop));

        Assert.True(await _verification.RecordBrokenAsync(backup, BackupState.Lost, [2], "is missing"));

        var lost = Assert.Single(await _verification.BackupsAsync("r", null, TestStore.Stop));
        Assert.Equal(BackupState.Lost, lost.State);
        Assert.Equal(
            [("1", true), ("2", false)],
            (await _store.Pipeline.LoadVolumesAsync(backup.Id, TestStore.Stop)).Select(volume => (volume.Digests.Sha256, volume.VerifiedAt is not null)));
        Assert.True(await _verification.RecordWholeAsync(lost));
        Assert.Equal(BackupState.Published, Assert.Single(await _verification.BackupsAsync("r", null, TestStore.Stop)).State);
    }

    [Fact]
    public async Task The_archive_of_a_damaged_copy_is_held_while_it_may_be_needed()
    {
        var archive = Archives.Found();
        await _store.AddAsync(archive);
        var claim = await _store.ClaimAsync();
        await _store.Pipeline.RecordPlanAsync(claim, TestStore.PlanFor(archive));
        var volume = await _store.Pipeline.RecordSealedAsync(claim, new SealedVolume(1, "v", "", 1, new Digests("1")));
        await _store.Pipeline.RecordVolumeUploadedAsync(claim, volume);
        await _store.Pipeline.RecordVolumeVerifiedAsync(claim, volume, VerifyLevel.Hash);
        await _store.Pipeline.RecordPublishedAsync(claim, VerifyLevel.Hash, TestStore.Manifest);
        Assert.Empty(await _store.Discovery.UnsealedAsync(TestStore.Stop));
        var backup = Assert.Single(await _verification.BackupsAsync("r", null, TestStore.Stop));

        await _verification.RecordBrokenAsync(backup, BackupState.Damaged, [], "its manifest is missing");
        Assert.Empty(await _store.Discovery.UnsealedAsync(TestStore.Stop));
        await _verification.RecordBrokenAsync(backup with { State = BackupState.Damaged }, BackupState.Damaged, [1], "v is missing");

        Assert.Equal(archive.File, Assert.Single(await _store.Discovery.UnsealedAsync(TestStore.Stop)));
    }

    private async Task PublishAsync(int guest, int volumes, VerifyLevel how)
    {
        await _store.AddAsync(Archives.Found(guest));
        var claim = await _store.ClaimAsync();
        foreach (var number in Enumerable.Range(1, volumes))
        {
            var volume = await _store.Pipeline.RecordSealedAsync(claim, new SealedVolume(number, $"{guest}-{number}", "", 1, new Digests($"{number}")));
            await _store.Pipeline.RecordVolumeVerifiedAsync(claim, volume, how);
        }

        await _store.Pipeline.RecordPublishedAsync(claim, how, TestStore.Manifest);
    }
}
