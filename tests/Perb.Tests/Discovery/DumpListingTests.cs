using System.Runtime.InteropServices;
using Perb.Scheduler.Discovery;

namespace Perb.Tests.Discovery;

public sealed partial class DumpListingTests : IDisposable
{
    private const string Archive = "vzdump-qemu-100-2026_11_20-02_00_01.vma.zst";
    private static readonly DateTimeOffset Modified = new(2026, 11, 20, 2, 5, 0, TimeSpan.Zero);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("perb-dump-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void A_whole_archive_is_listed_with_its_facts()
    {
        Write(Archive, 7, Modified.AddTicks(1234567));

        var found = Assert.Single(List(isIdle: true));

        Assert.Equal(
            (Archive, "local", "pve1", PathOf(Archive), 7L, Modified.AddTicks(1234567)),
            (found.Name.FileName, found.Storage, found.Node, found.Path, found.SizeBytes, found.ModifiedAt));
        Assert.Equal(new DateTimeOffset(2026, 11, 20, 1, 0, 1, TimeSpan.Zero), found.Time); // Vienna
    }

    [Fact]
    public void Companions_partial_files_and_odd_names_are_not_listed()
    {
        foreach (var name in (string[])[
            "vzdump-qemu-100-2026_11_20-02_00_01.log", Archive + ".notes", "vzdump-qemu-100-2026_11_20-02_00_01.vma.dat", Archive + ".gpg",
            "vzdump-qemu-100-2026_11_20-02_00_01.tmp", "vzdump-qemu-100-copy.vma.zst", " " + Archive, Archive + "\n", "x"])
        {
            Write(name, 1, Modified);
        }

        Assert.Empty(List(isIdle: true));
    }

    [Fact]
    public void Links_directories_and_fifos_are_no_archives()
    {
        Write("target", 7, Modified);
        File.CreateSymbolicLink(PathOf(Archive), PathOf("target"));
        File.CreateSymbolicLink(PathOf(Archive.Replace("100", "101")), "/nowhere");
        _folder.CreateSubdirectory(Archive.Replace("100", "102"));
        Assert.Equal(0, MakeFifo(PathOf(Archive.Replace("100", "103")), 0x180));

        Assert.Empty(List(isIdle: true));
    }

    [Theory]
    [InlineData(true, 0, true)]
    [InlineData(false, 9, false)]
    [InlineData(false, 11, true)]
    public void An_archive_is_settled_when_no_vzdump_runs_or_it_is_old_enough(bool isIdle, int minutesOld, bool expected)
    {
        Write(Archive, 1, Modified);

        Assert.Equal(expected, Assert.Single(List(isIdle, Modified.AddMinutes(minutesOld))).IsSettled);
    }

    [Theory]
    [InlineData(-1, true)]
    [InlineData(0, false)]
    [InlineData(1, false)]
    public void An_archive_that_was_written_after_the_node_was_asked_is_not_settled_by_its_answer(int secondsAfter, bool expected)
    {
        Write(Archive, 1, Modified);
        var tasks = new TaskView(IsIdle: true, [], Modified.AddSeconds(-secondsAfter));

        Assert.Equal(expected, Assert.Single(Listing.List(Local, "pve1", tasks, Modified.AddMinutes(5))).IsSettled);
    }

    [Theory]
    [InlineData(9, false, false)]
    [InlineData(9, true, true)]
    [InlineData(11, false, true)]
    public void On_a_shared_storage_only_its_log_or_its_age_settles_an_archive(int minutesOld, bool hasLog, bool expected)
    {
        Write(Archive, 1, Modified);
        if (hasLog)
        {
            Write("vzdump-qemu-100-2026_11_20-02_00_01.log", 1, Modified);
        }

        var now = Modified.AddMinutes(minutesOld);
        Assert.Equal(expected, Assert.Single(Listing.List(Local with { IsShared = true }, "pve1", new TaskView(IsIdle: true, [], now), now)).IsSettled);
    }

    [Fact]
    public void A_directory_that_is_not_there_is_an_error_and_not_empty() =>
        Assert.Throws<DirectoryNotFoundException>(() => Listing.List(Local with { Path = PathOf("none") }, "pve1", new TaskView(true, [], Modified), Modified));

    private static DumpListing Listing { get; } = new(TimeZoneInfo.FindSystemTimeZoneById("Europe/Vienna"));

    private DumpDirectory Local => new("local", _folder.FullName, null, IsShared: false);

    private IReadOnlyList<FoundArchive> List(bool isIdle, DateTimeOffset? now = null) =>
        Listing.List(Local, "pve1", new TaskView(isIdle, [], Modified.AddTicks(10_000_000)), now ?? Modified);

    private void Write(string name, int size, DateTimeOffset modifiedAt)
    {
        File.WriteAllBytes(PathOf(name), new byte[size]);
        File.SetLastWriteTimeUtc(PathOf(name), modifiedAt.UtcDateTime);
    }

    private string PathOf(string name) => Path.Combine(_folder.FullName, name);

    [LibraryImport("libc", EntryPoint = "mkfifo", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MakeFifo(string path, uint mode);
}
