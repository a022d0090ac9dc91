using Microsoft.Extensions.Logging.Abstractions;
using Perb.Scheduler.Backups;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Discovery;
using Perb.Scheduler.Pipeline;
using Perb.Tests.Discovery;
using Perb.Tests.Store;
using Perb.Transfer.Hashing;
using Perb.Transfer.Keys;
using Perb.Transfer.Rclone;
using Perb.Transfer.Sealing;

namespace Perb.Tests.Pipeline;

public sealed class PlanSealingTests : IAsyncLifetime
{
    private static readonly Remote Remote = new("r", RemotePath.Parse("r:perb"), VerifyLevel.Hash, new TransferLimits(null));

    private static readonly Recipient Recipient = new(null!) { File = "/key.asc", Fingerprint = "AAAA", SubkeyFingerprint = "BBBB", UserId = "offsite" };

    private readonly HeldArchives _held = Parts.Hold();
    private TestStore _store = null!;
    private FoundArchive _archive = null!;

    public async ValueTask InitializeAsync()
    {
        _store = await TestStore.OpenAsync();
        var found = Archives.Found(size: 100);
        _archive = found with { Path = Path.Combine(_store.Folder, found.Name.FileName) };
        await File.WriteAllBytesAsync(_archive.Path, new byte[100], TestStore.Stop);
        File.SetLastWriteTimeUtc(_archive.Path, _archive.ModifiedAt.UtcDateTime);
        await _store.AddAsync(_archive);
    }

    public async ValueTask DisposeAsync()
    {
        _held.Dispose();
        await _store.DisposeAsync();
    }

    [Fact]
    public async Task A_plan_is_made_once_and_holds_the_companions_as_they_are_now()
    {
        var log = Path.Combine(_store.Folder, _archive.Name.LogName);
        await File.WriteAllTextAsync(log, "the log of vzdump", TestStore.Stop);
        var claim = await _store.ClaimAsync();

        using var source = new SourceAtNeed(_archive.File, _held);
        var plan = await Planner().RunAsync(claim, Remote, Nothing, source, TestStore.Stop);
        File.Delete(log);

        Assert.Contains("the log of vzdump", System.Text.Encoding.UTF8.GetString(plan.Tar.Tail), StringComparison.Ordinal);
        var again = await Planner().RunAsync(claim, Remote, Nothing, source, TestStore.Stop);
        Assert.Equal(plan.Tar.Head, again.Tar.Head);
        Assert.Equal(plan.Tar.Tail, again.Tar.Tail);
    }

    [Fact]
    public async Task Of_an_archive_that_was_removed_with_its_log_both_are_sealed_while_they_are_held()
    {
        var log = Path.Combine(_store.Folder, _archive.Name.LogName);
        await File.WriteAllTextAsync(log, "the log of vzdump", TestStore.Stop);
        await _held.HoldAsync([_archive], TestStore.Stop);
        File.Delete(_archive.Path);
        File.Delete(log);
        var claim = await _store.ClaimAsync();

        using var source = new SourceAtNeed(_archive.File, _held);
        var plan = await Planner().RunAsync(claim, Remote, Nothing, source, TestStore.Stop);

        Assert.Contains("the log of vzdump", System.Text.Encoding.UTF8.GetString(plan.Tar.Tail), StringComparison.Ordinal);
        using var archive = await source.OpenAsync(TestStore.Stop);
        archive.VerifyUnchanged();
    }

    [Fact]
    public async Task An_archive_that_was_replaced_since_it_was_listed_is_not_shipped_under_the_old_record()
    {
        await File.WriteAllBytesAsync(_archive.Path, new byte[99], TestStore.Stop);
        var claim = await _store.ClaimAsync();
        using var source = new SourceAtNeed(_archive.File, _held);

        await Assert.ThrowsAsync<SourceChangedException>(() => Planner().RunAsync(claim, Remote, Nothing, source, TestStore.Stop));
        Assert.Null(await _store.Pipeline.LoadPlanAsync(claim.Backup, TestStore.Stop));
    }

    [Fact]
    public async Task Without_plan_and_source_there_is_nothing_to_seal()
    {
        var claim = await _store.ClaimAsync();

        File.Delete(_archive.Path);
        using var source = new SourceAtNeed(_archive.File, _held);

        await Assert.ThrowsAsync<SourceMissingException>(() => Planner().RunAsync(claim, Remote, Nothing, source, TestStore.Stop));
    }

    [Fact]
    public async Task With_a_plan_the_source_is_not_even_looked_at()
    {
        var claim = await _store.ClaimAsync();
        using var source = new SourceAtNeed(_archive.File, _held);
        var plan = await Planner().RunAsync(claim, Remote, Nothing, source, TestStore.Stop);
        File.Delete(_archive.Path);
        using var gone = new SourceAtNeed(_archive.File, _held);

        Assert.Equal(plan.Tar.Head, (await Planner().RunAsync(claim, Remote, Nothing, gone, TestStore.Stop)).Tar.Head);
    }

    [Fact]
    public async Task What_is_sealed_of_an_archive_that_is_gone_is_kept_although_the_recipients_changed()
    {
        var claim = await _store.ClaimAsync();
        using var source = new SourceAtNeed(_archive.File, _held);
        await Planner().RunAsync(claim, Remote, Nothing, source, TestStore.Stop);
        File.Delete(_archive.Path);
        using var gone = new SourceAtNeed(_archive.File, _held);

        await Assert.ThrowsAsync<SourceMissingException>(() => Planner("CCCC").RunAsync(claim, Remote, Nothing, gone, TestStore.Stop));
        Assert.NotNull(await _store.Pipeline.LoadPlanAsync(claim.Backup, TestStore.Stop));
    }

    [Fact]
    public async Task What_is_proven_whole_on_the_remote_needs_neither_its_archive_nor_the_recipients_of_today()
    {
        var claim = await _store.ClaimAsync();
        using var source = new SourceAtNeed(_archive.File, _held);
        var plan = await Planner().RunAsync(claim, Remote, Nothing, source, TestStore.Stop);
        var volume = await _store.Pipeline.RecordSealedAsync(claim, new SealedVolume(1, plan.VolumeName(1), "", 10, new Digests("aa")));
        await _store.Pipeline.RecordVolumeVerifiedAsync(claim, volume, VerifyLevel.Hash);
        File.Delete(_archive.Path);
        using var gone = new SourceAtNeed(_archive.File, _held);
        var there = Nothing with { Sizes = new Dictionary<string, long> { [volume.Name] = 10 } };

        Assert.Equal(plan.Tar.Head, (await Planner("CCCC").RunAsync(claim, Remote, there, gone, TestStore.Stop)).Tar.Head);
        await Assert.ThrowsAsync<SourceMissingException>(() => Planner("CCCC").RunAsync(claim, Remote, Nothing, gone, TestStore.Stop)); // to be sealed again
    }

    [Theory]
    [InlineData(".enc")]
    [InlineData(".001-of-002.enc")]
    [InlineData(".log.gpg")]
    [InlineData(".sums.sig")]
    public async Task Nothing_is_sent_over_objects_that_this_store_did_not_make(string suffix)
    {
        var claim = await _store.ClaimAsync();
        var name = claim.Backup.RemoteName + suffix;
        using var source = new SourceAtNeed(_archive.File, _held);

        var conflict = await Assert.ThrowsAsync<NameConflictException>(() => Planner().RunAsync(
            claim, Remote, Nothing with { Sizes = new Dictionary<string, long> { [name] = 1 } }, source, TestStore.Stop));

        Assert.Contains($"r:perb/{name} exists already", conflict.Message, StringComparison.Ordinal);
        Assert.Null(await _store.Pipeline.LoadPlanAsync(claim.Backup, TestStore.Stop));
    }

    private static RemoteObjects Nothing { get; } = new("x.sums", new Dictionary<string, long>());

    // Neither rclone nor staging is touched while no plan is void.
    private PlanSealing Planner(string subkey = "BBBB") => new(
        _store.Pipeline,
        null!,
        null!,
        new EncryptionSection([], "mdc", false, 1 << 20),
        [Recipient with { SubkeyFingerprint = subkey }],
        new Crash(null),
        NullLogger<PlanSealing>.Instance);
}
