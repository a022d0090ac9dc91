using Perb.Scheduler.Restore;
using Perb.Transfer.Unpacking;

namespace Perb.Tests.Restore;

public sealed class RestoredFilesTests : IDisposable
{
    private const string X = "100-2026_11_20-02_00_01";
    private const string Archive = "vzdump-qemu-" + X + ".vma.zst";
    private static readonly DateTimeOffset Time = new(2026, 11, 20, 2, 41, 7, TimeSpan.Zero);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("perb-restored-");
    private readonly WorkDirectory _work;
    private readonly RestoredFiles _files;

    public RestoredFilesTests()
    {
        _work = WorkDirectory.Open(_folder.FullName, X, WorkDirectory.ForFiles);
        _files = new RestoredFiles(_folder.FullName, _work);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _files.Dispose();
        _work.Dispose();
        _folder.Delete(recursive: true);
    }

    /// <summary>A volume may end within the zeros behind the archive, and how many of them it held is not kept.</summary>
    [Fact]
    public async Task A_restore_can_be_gone_on_with_only_within_the_archive()
    {
        Assert.Null(_files.Unfinished);
        await _files.BeginAsync(new TarEntry(Archive, 3, Time), isArchive: true, Token);
        await _files.WriteAsync("ab"u8.ToArray(), Token);
        Assert.Equal(2, _files.Unfinished!.Value.WrittenBytes);

        await _files.WriteAsync("c"u8.ToArray(), Token);
        Assert.Null(_files.Unfinished);
        Assert.True(_files.ArchiveIsWritten);
    }

    [Theory]
    [InlineData(false, 2)]
    [InlineData(true, 1)]
    public async Task All_files_get_their_names_or_the_archive_alone(bool archiveAlone, int count)
    {
        await WriteAsync();

        var paths = await _files.PlaceAsync(archiveAlone, Token);

        Assert.Equal(Path.Combine(_folder.FullName, Archive), paths[0]);
        Assert.Equal(count, paths.Count);
        Assert.Equal(count, _folder.GetFiles().Length);
    }

    [Fact]
    public async Task If_one_cannot_have_its_name_none_has()
    {
        await WriteAsync();
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, Archive), "somebody else's", Token);

        await Assert.ThrowsAsync<IOException>(() => _files.PlaceAsync(archiveAlone: false, Token));

        Assert.Equal("somebody else's", await File.ReadAllTextAsync(Assert.Single(_folder.GetFiles()).FullName, Token));
    }

    [Fact]
    public async Task A_checkpoint_holds_for_its_own_manifest_and_only_while_its_bytes_are_there()
    {
        await WriteAsync();
        await _work.WriteCheckpointAsync(new Checkpoint("a", 2, Archive, 3, Time, 2), Token);
        await _work.WriteCheckpointAsync(new Checkpoint("a", 3, Archive, 3, Time, 3), Token);

        Assert.Equal(3, _work.ReadCheckpoint("a")!.Volumes);
        Assert.Null(_work.ReadCheckpoint("b"));

        await File.WriteAllTextAsync(_work.FileOf(Archive + ".partial"), "ab", Token);
        Assert.Null(_work.ReadCheckpoint("a"));
    }

    [Fact]
    public void A_work_directory_has_one_owner_and_is_no_link()
    {
        Assert.Contains("another perb", Assert.Throws<RestoreException>(() => WorkDirectory.Open(_folder.FullName, X, WorkDirectory.ForFiles)).Message, StringComparison.Ordinal);

        File.CreateSymbolicLink(Path.Combine(_folder.FullName, ".perb-restore-other"), "/tmp");
        Assert.Contains("a symbolic link", Assert.Throws<RestoreException>(() => WorkDirectory.Open(_folder.FullName, "other", WorkDirectory.ForFiles)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherWrite)]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupWrite)]
    public void A_work_directory_that_others_can_put_things_into_is_not_taken(UnixFileMode mode)
    {
        var planted = Directory.CreateDirectory(Path.Combine(_folder.FullName, ".perb-restore-other"));
        File.SetUnixFileMode(planted.FullName, mode);

        var refused = Assert.Throws<RestoreException>(() => WorkDirectory.Open(_folder.FullName, "other", WorkDirectory.ForFiles));

        Assert.Contains("cannot be trusted", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../evil")]
    [InlineData("vzdump-qemu-101-2026_11_20-02_00_01.vma.zst")]
    public async Task A_checkpoint_of_another_archive_is_not_gone_on_with(string archive)
    {
        await File.WriteAllTextAsync(Path.Combine(_work.Path, archive + ".partial"), "abc", Token);
        await _work.WriteCheckpointAsync(new Checkpoint("a", 1, archive, 3, Time, 3), Token);

        Assert.Null(_work.ReadCheckpoint("a"));
    }

    [Fact]
    public async Task What_a_killed_restore_had_placed_is_taken_back_and_what_is_not_its_own_is_in_the_way()
    {
        await WriteAsync();
        var log = Path.Combine(_folder.FullName, "vzdump-qemu-" + X + ".log");
        await _files.PlaceAsync(archiveAlone: false, Token);
        File.Delete(Path.Combine(_folder.FullName, Archive)); // it was killed before it had placed this one

        _files.RequireFree(X);
        Assert.False(File.Exists(log));

        await File.WriteAllTextAsync(log, "ok", Token);
        Assert.Contains(log, Assert.Throws<RestoreException>(() => _files.RequireFree(X)).Message, StringComparison.Ordinal);
        Assert.True(File.Exists(log));
    }

    private async Task WriteAsync()
    {
        await _files.BeginAsync(new TarEntry(Archive, 3, Time), isArchive: true, Token);
        await _files.WriteAsync("abc"u8.ToArray(), Token);
        await _files.EndAsync(Token);
        await _files.BeginAsync(new TarEntry("vzdump-qemu-" + X + ".log", 2, Time), isArchive: false, Token);
        await _files.WriteAsync("ok"u8.ToArray(), Token);
        await _files.EndAsync(Token);
    }
}
