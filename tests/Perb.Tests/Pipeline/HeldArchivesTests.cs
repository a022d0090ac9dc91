using Microsoft.Extensions.Logging.Abstractions;
using Perb.Scheduler.Backups;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Discovery;
using Perb.Scheduler.Pipeline;
using Perb.Tests.Discovery;
using Perb.Tests.Store;
using Perb.Transfer.Sealing;

namespace Perb.Tests.Pipeline;

/// <summary>Real files on the file system of the temporary directory, which must be a local one.</summary>
public sealed class HeldArchivesTests : IAsyncLifetime
{
    private readonly SaidLines<HeldArchives> _said = new();
    private readonly HeldArchives _held;
    private TestStore _store = null!;

    public HeldArchivesTests() => _held = Parts.Hold(logger: _said);

    public async ValueTask InitializeAsync() => _store = await TestStore.OpenAsync();

    public async ValueTask DisposeAsync()
    {
        _held.Dispose();
        await _store.DisposeAsync();
    }

    [Fact]
    public async Task What_was_removed_can_still_be_read_whatever_has_its_name()
    {
        var archive = Write(100, 3);
        await _held.HoldAsync([archive], TestStore.Stop);
        File.Delete(archive.Path);
        await File.WriteAllTextAsync(archive.Path, "another file", TestStore.Stop);

        using var source = _held.TryOpen(archive.File)!;
        var content = new byte[3];
        await source.ReadExactlyAsync(content, 0, TestStore.Stop);
        source.VerifyUnchanged();

        Assert.Equal("aaa"u8.ToArray(), content);
    }

    [Fact]
    public async Task What_is_another_file_by_now_or_none_is_not_held()
    {
        var (replaced, gone, link) = (Write(100, 3), Write(101, 3), Write(102, 3));
        File.WriteAllText(replaced.Path, "longer than before");
        File.Delete(gone.Path);
        File.Delete(link.Path);
        File.CreateSymbolicLink(link.Path, replaced.Path);

        await _held.HoldAsync([replaced, gone, link], TestStore.Stop);

        Assert.Empty(_held.Files);
        Assert.Empty(OpenIn(_store.Folder));
    }

    [Fact]
    public async Task What_is_sealed_for_all_remotes_or_no_longer_wanted_is_closed()
    {
        var (wanted, sealedHere, skipped) = (Write(100, 3), Write(101, 3), Write(102, 3));
        await _store.PublishAsync(sealedHere);
        await _store.AddAsync(wanted);
        await _store.PublishAsync(wanted, "other");
        var id = await _store.AddAsync(skipped);
        File.WriteAllText(Path.Combine(_store.Folder, skipped.Name.LogName), "log");
        await _held.HoldAsync([wanted, sealedHere, skipped], TestStore.Stop);
        Assert.Equal(4, OpenIn(_store.Folder).Count);
        await _store.Discovery.ApplyAsync([new DiscoveryChange.Skipped(id, "rule")], _ => "test", Archives.Now, TestStore.Stop);

        await new HoldLoop(_held, _store.Discovery, _store.Time, NullLogger<HoldLoop>.Instance).LookAsync(TestStore.Stop);

        Assert.Equal([wanted.File], _held.Files);
        Assert.Equal([wanted.Path], OpenIn(_store.Folder));
    }

    [Fact]
    public async Task A_log_that_comes_later_is_held_too_and_a_newer_one_takes_its_place()
    {
        var archive = Write(100, 3);
        var log = Path.Combine(_store.Folder, archive.Name.LogName);
        await _held.HoldAsync([archive], TestStore.Stop);
        Assert.Null(_held.TryOpenCompanion(archive.File, log));
        File.WriteAllText(log, "old");
        await _held.HoldAsync([archive], TestStore.Stop);
        File.Delete(log);
        File.WriteAllText(log, "newer");
        await _held.HoldAsync([archive], TestStore.Stop);
        File.Delete(log);
        await _held.HoldAsync([archive], TestStore.Stop);

        using var companion = _held.TryOpenCompanion(archive.File, log)!;

        Assert.Equal(5, companion.SizeBytes);
        Assert.Equal(3, OpenIn(_store.Folder).Count); // the archive, its log, and the log for this test
    }

    [Fact]
    public async Task Below_the_floor_what_was_removed_is_given_up_oldest_first_and_no_more_than_needed()
    {
        const long Large = 1L << 40; // sparse
        var free = new DriveInfo(_store.Folder).AvailableFreeSpace;
        using var held = Parts.Hold(new FreeSpaceFloor(free + (Large / 2), 0), _said);
        var (old, newer, there) = (Write(100, Large, daysOld: 2), Write(100, Large, daysOld: 1), Write(100, Large, daysOld: 3));
        await held.HoldAsync([newer, old, there], TestStore.Stop);
        held.ReleaseBelowFloor();
        Assert.Empty(_said.Lines); // they all have their names: closing them frees nothing
        File.Delete(old.Path);
        File.Delete(newer.Path);

        held.ReleaseBelowFloor();

        Assert.Null(held.TryOpen(old.File));
        Assert.Equal([newer.Path, there.Path], held.Files.Select(file => file.Path));
        Assert.StartsWith($"{old.Path} was removed before it was sealed", Assert.Single(_said.Lines), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(DriveType.Fixed, true)]
    [InlineData(DriveType.Removable, true)]
    [InlineData(DriveType.Ram, true)]
    [InlineData(DriveType.Network, false)]
    [InlineData(DriveType.NoRootDirectory, false)]
    [InlineData(DriveType.Unknown, false)]
    public async Task Only_on_a_local_file_system_is_anything_held_or_opened(DriveType kind, bool isHeld)
    {
        var (archive, local) = (Write(100, 3), Write(101, 3));
        var mounted = Directory.CreateDirectory(Path.Combine(_store.Folder, "mounted")).FullName;
        File.Copy(local.Path, Path.Combine(mounted, local.Name.FileName));
        local = local with { Path = Path.Combine(mounted, local.Name.FileName) };
        File.WriteAllText(Path.Combine(_store.Folder, archive.Name.LogName), "log");
        using var held = Parts.Hold(kindOf: folder => folder == mounted ? DriveType.Fixed : kind);

        await held.HoldAsync([archive, local], TestStore.Stop);

        Assert.Equal(isHeld, held.Holds(archive.File));
        Assert.True(held.Holds(local.File)); // beside it, and for itself
        Assert.Equal(isHeld ? 3 : 1, OpenIn(_store.Folder).Count);
    }

    [Fact]
    public void This_machine_has_a_local_file_system_by_what_the_kernel_says()
    {
        using var held = new HeldArchives(
            new StagingSection("/", 0, new FreeSpaceFloor(0, 0), 1), TimeProvider.System, NullLogger<HeldArchives>.Instance);

        Assert.Equal((DriveType.Ram, true), (held.KindOf("/proc"), held.Most is > 0 and <= 1_000));
    }

    [Fact]
    public async Task So_many_are_held_and_no_more_the_newest_ones_and_that_is_said_once_until_it_was_over()
    {
        using var held = Parts.Hold(logger: _said, most: 2);
        var archives = Enumerable.Range(0, 4).Select(age => Write(100, 3, age)).Reverse().ToList();

        await held.HoldAsync(archives, TestStore.Stop);
        await held.HoldAsync(archives, TestStore.Stop);

        Assert.Equal([archives[3].File, archives[2].File], held.Files);
        Assert.Equal(2, OpenIn(_store.Folder).Count);
        Assert.Single(_said.Lines);

        held.Release([archives[3].File]);
        await held.HoldAsync(archives[..3], TestStore.Stop);
        Assert.Equal([archives[2].File, archives[1].File], held.Files.OrderByDescending(file => file.Path));
        Assert.Single(_said.Lines);

        await held.HoldAsync(archives[1..3], TestStore.Stop);
        await held.HoldAsync(archives[..3], TestStore.Stop);
        Assert.Equal(2, _said.Lines.Count);
    }

    [Fact]
    public async Task Who_seals_from_a_held_archive_keeps_it_no_longer_than_a_volume()
    {
        var archive = Write(100, 3);
        using var source = new SourceAtNeed(archive.File, _held);
        (await source.OpenAsync(TestStore.Stop)).Dispose();
        await _held.HoldAsync([archive], TestStore.Stop);
        (await source.OpenAsync(TestStore.Stop)).Dispose();
        Assert.Single(OpenIn(_store.Folder));
        File.Delete(archive.Path);

        _held.Release([archive.File]);

        Assert.Empty(OpenIn(_store.Folder));
        await Assert.ThrowsAsync<SourceMissingException>(() => source.OpenAsync(TestStore.Stop));
    }

    [Fact]
    public async Task Only_what_a_listing_speaks_for_counts_as_removed()
    {
        var (removed, listed, away) = (Write(100, 3), Write(101, 3), Write(102, 3, storage: "away"));
        await _held.HoldAsync([removed with { IsSettled = false }, listed, away], TestStore.Stop);

        var found = _held.RemovedSince(new Listing([listed], new HashSet<string> { "local" }, IsComplete: true));

        Assert.Equal([removed], found);
    }

    [Fact]
    public async Task On_a_mount_that_hangs_opening_ends_and_another_there_does_not_even_begin()
    {
        using var answers = new ManualResetEventSlim();
        var opened = 0;
        using var held = Parts.Hold(time: _store.Time, openAt: path =>
        {
            Interlocked.Increment(ref opened);
            answers.Wait(TestStore.Stop);
            return SourceArchive.Open(path);
        });
        using var source = new SourceAtNeed(Write(100, 3).File, held);

        var opening = source.OpenAsync(TestStore.Stop);
        while (!opening.IsCompleted)
        {
            _store.Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        var exception = await Assert.ThrowsAsync<TimeoutException>(() => opening);
        Assert.Equal((FailureKind.Transient, $"{_store.Folder} does not answer: is the server of its mount there?"), Failure.From(exception) is var failure ? (failure.Kind, failure.Text) : default);
        await Assert.ThrowsAsync<TimeoutException>(() => source.OpenAsync(TestStore.Stop)); // the clock stands still
        Assert.Equal(1, opened);
        answers.Set();
    }

    [Fact]
    public async Task A_mount_that_hangs_keeps_nothing_of_other_disks_from_being_held()
    {
        using var answers = new ManualResetEventSlim();
        var archive = Write(100, 3);
        using var held = Parts.Hold(time: _store.Time, kindOf: folder =>
        {
            if (folder == "/mnt/dead")
            {
                answers.Wait(TestStore.Stop);
            }

            return DriveType.Fixed;
        });

        var holding = held.HoldAsync([archive with { Path = "/mnt/dead/x" }, archive], TestStore.Stop);
        while (!holding.IsCompleted)
        {
            _store.Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        await holding;
        Assert.Equal([archive.File], held.Files);
        answers.Set();
    }

    [Fact]
    public async Task What_was_removed_with_its_folder_is_given_up_below_the_floor_like_any_other()
    {
        const long Large = 1L << 40; // sparse
        using var held = Parts.Hold(new FreeSpaceFloor(new DriveInfo(_store.Folder).AvailableFreeSpace + Large, 0), _said);
        var (inFolder, other) = (Write(100, Large, daysOld: 2), Write(101, Large, daysOld: 1));
        var folder = Directory.CreateDirectory(Path.Combine(_store.Folder, "a", "dump"));
        Directory.Move(inFolder.Path, Path.Combine(folder.FullName, inFolder.Name.FileName));
        inFolder = inFolder with { Path = Path.Combine(folder.FullName, inFolder.Name.FileName) };
        File.SetLastWriteTimeUtc(inFolder.Path, inFolder.ModifiedAt.UtcDateTime);
        await held.HoldAsync([inFolder, other], TestStore.Stop);
        Assert.Equal(2, held.Files.Count);
        folder.Delete(recursive: true);
        File.Delete(other.Path);

        held.ReleaseBelowFloor();

        Assert.DoesNotContain(inFolder.File, held.Files);
    }

    private FoundArchive Write(int vmId, long size, int daysOld = 0, string storage = "local")
    {
        var found = Archives.Found(vmId, daysOld, storage, size);
        var archive = found with { Path = Path.Combine(_store.Folder, found.Name.FileName) };
        using (var file = File.Create(archive.Path))
        {
            file.Write("aaa"u8);
            file.SetLength(size);
        }

        File.SetLastWriteTimeUtc(archive.Path, archive.ModifiedAt.UtcDateTime);
        return archive;
    }

    /// <summary>What this process has open in the folder, but the store itself.</summary>
    private static List<string> OpenIn(string folder) => [.. new DirectoryInfo("/proc/self/fd").EnumerateFileSystemInfos()
        .Select(descriptor => descriptor.LinkTarget ?? "")
        .Where(path => path.StartsWith(folder, StringComparison.Ordinal) && path.Contains("vzdump-", StringComparison.Ordinal))
        .Select(path => path.Replace(" (deleted)", "", StringComparison.Ordinal))];
}
