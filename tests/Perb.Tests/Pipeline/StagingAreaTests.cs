using Microsoft.Extensions.Logging.Abstractions;
using Perb.Scheduler.Backups;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Pipeline;
using Perb.Scheduler.Store;
using Perb.Transfer.Hashing;
using Perb.Transfer.Rclone;

namespace Perb.Tests.Pipeline;

public sealed class StagingAreaTests : IDisposable
{
    private const string Volume = "100-2026_11_20-02_00_01.001-of-012.enc";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("perb-staging-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Every_remote_has_a_private_folder()
    {
        var staging = Area();

        staging.Create();

        Assert.Equal(["r", "s"], _folder.GetDirectories().Select(folder => folder.Name).Order());
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(staging.FolderOf("r")));
    }

    [Theory]
    [InlineData(Volume)]
    [InlineData(Volume + ".partial")]
    [InlineData("100-2026_11_20-02_00_01.enc")]
    [InlineData("100-2026_11_20-02_00_01.enc.partial")]
    [InlineData("100-2026_11_20-02_00_01.sums")]
    [InlineData("100-2026_11_20-02_00_01.sums.sig")]
    [InlineData("100-2026_11_20-02_00_01.sums.sig.partial")]
    [InlineData("perb.json")]
    public void What_no_record_speaks_of_is_swept_and_what_belongs_stays(string name)
    {
        Write("r", name);
        Write("s", name);
        var staging = Area();

        staging.Sweep("r", new HashSet<string> { $"s/{name}" });
        staging.Sweep("s", new HashSet<string> { $"s/{name}" });

        Assert.Equal([$"s/{name}"], Files());
    }

    [Theory]
    [InlineData("vzdump-qemu-100-2026_11_20-02_00_01.vma.zst")]
    [InlineData("vm-100-disk-0.qcow2")]
    [InlineData("100-2026_11_20-02_00_01.enc.orig")]
    public void A_directory_that_also_holds_foreign_files_loses_none_of_them(string name)
    {
        Write("r", name);

        Area().Sweep("r", new HashSet<string>());

        Assert.Equal([$"r/{name}"], Files());
    }

    [Fact]
    public void Foreign_folders_behind_links_are_not_swept()
    {
        using var elsewhere = new TemporaryFolder();
        File.WriteAllText(Path.Combine(elsewhere.Path, Volume), "");
        var staging = Area();
        staging.Create();
        Directory.CreateSymbolicLink(Path.Combine(staging.FolderOf("r"), "link"), elsewhere.Path);
        File.CreateSymbolicLink(staging.PathOf("r", Volume), Path.Combine(elsewhere.Path, Volume));

        staging.Sweep("r", new HashSet<string>());

        Assert.True(File.Exists(Path.Combine(elsewhere.Path, Volume)));
    }

    [Fact]
    public void The_folder_of_another_remote_is_not_swept()
    {
        Write("r", Volume);
        Write("s", Volume);

        Area().Sweep("r", new HashSet<string>());

        Assert.Equal([$"s/{Volume}"], Files());
    }

    [Fact]
    public void A_remote_that_takes_nothing_does_not_use_up_the_room_of_another()
    {
        var staging = Area(maxBytes: 200);
        staging.Create();
        Write("s", Volume, 90);
        using var bad = staging.Reserve("s", 10, isAhead: false);

        var full = Assert.Throws<StagingFullException>(() => staging.Reserve("s", 1, isAhead: false));
        using var good = staging.Reserve("r", 100, isAhead: false);

        Assert.Contains("staging for s holds 100 B", full.Message, StringComparison.Ordinal);
        Assert.Contains("its share of Staging:MaxSize is 100 B", full.Message, StringComparison.Ordinal);
        Assert.Throws<StagingFullException>(() => staging.Reserve("r", 1, isAhead: false));
    }

    [Fact]
    public void Staged_and_reserved_bytes_stay_below_the_limit()
    {
        var staging = Area(maxBytes: 200);
        Write("r", Volume, 40);
        Write("r", "x.partial", 1000); // counted by its reservation
        using var reserved = staging.Reserve("r", 50, isAhead: false);

        var full = Assert.Throws<StagingFullException>(() => staging.Reserve("r", 11, isAhead: false));
        Assert.Contains("Staging:MaxSize is 100 B", full.Message, StringComparison.Ordinal);
        staging.Reserve("r", 10, isAhead: false).Dispose();
    }

    [Fact]
    public void A_reservation_ends_once()
    {
        var staging = Area(maxBytes: 200);
        staging.Create();
        var reserved = staging.Reserve("r", 60, isAhead: false);

        reserved.Dispose();
        reserved.Dispose();

        using var again = staging.Reserve("r", 100, isAhead: false);
        Assert.Throws<StagingFullException>(() => staging.Reserve("r", 1, isAhead: false));
    }

    [Fact]
    public void The_disk_is_never_filled()
    {
        var staging = Area(floor: new FreeSpaceFloor(long.MaxValue / 2, 0));
        staging.Create();

        Assert.Contains("Staging:MinFree keeps", Assert.Throws<StagingFullException>(() => staging.Reserve("r", 1, isAhead: false)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_sealed_ahead_leaves_room_on_the_disk_for_the_other_remotes()
    {
        var free = new DriveInfo(_folder.FullName).AvailableFreeSpace;
        var staging = Area(maxBytes: long.MaxValue / 2, new FreeSpaceFloor(free / 2, 0));
        staging.Create();

        Assert.Throws<StagingFullException>(() => staging.Reserve("r", free / 3, isAhead: true));
        staging.Reserve("r", free / 3, isAhead: false).Dispose();
    }

    [Fact]
    public void What_is_written_of_a_volume_is_not_counted_as_still_to_be_written()
    {
        var free = new DriveInfo(_folder.FullName).AvailableFreeSpace;
        var staging = Area(maxBytes: long.MaxValue / 2, new FreeSpaceFloor(free / 2, 0));
        staging.Create();
        var reserved = staging.Reserve("r", free / 5 * 2, isAhead: false);
        Assert.Throws<StagingFullException>(() => staging.Reserve("s", free / 5, isAhead: false));

        // It takes none of the space that is free, so that what is left shows how it is counted.
        using (var partial = File.Create(staging.PathOf("r", Volume + ".partial")))
        {
            partial.SetLength(free / 5 * 2);
        }

        staging.Reserve("s", free / 5, isAhead: false).Dispose();
        reserved.Dispose();
        Assert.Throws<StagingFullException>(() => staging.Reserve("s", free / 5 * 3, isAhead: false)); // left over: nothing is given for it
    }

    [Fact]
    public void A_staged_volume_is_held_only_if_it_is_whole()
    {
        var staging = Area();
        Write("r", Volume, 10);
        var record = new VolumeRecord(1, Volume, 10, new Digests("aa"), default, null, null, null);

        Assert.True(staging.Holds("r", record));
        Assert.False(staging.Holds("r", record with { SizeBytes = 11 }));
        staging.Delete("r", Volume);
        Assert.False(staging.Holds("r", record));
        staging.Delete("r", Volume);
    }

    private StagingArea Area(long maxBytes = 1 << 20, FreeSpaceFloor? floor = null) => new(
        new StagingSection(_folder.FullName, maxBytes, floor ?? new FreeSpaceFloor(0, 0), 1), [Remote("r"), Remote("s")], NullLogger<StagingArea>.Instance);

    private static Remote Remote(string name) => new(name, RemotePath.Parse(name + ":perb"), VerifyLevel.Hash, new TransferLimits(null));

    private void Write(string folder, string name, int size = 1) =>
        File.WriteAllBytes(Path.Combine(_folder.CreateSubdirectory(folder).FullName, name), new byte[size]);

    private IEnumerable<string> Files() => Directory.EnumerateFiles(_folder.FullName, "*", SearchOption.AllDirectories)
        .Select(file => Path.GetRelativePath(_folder.FullName, file));

    private sealed class TemporaryFolder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("perb-elsewhere-").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
