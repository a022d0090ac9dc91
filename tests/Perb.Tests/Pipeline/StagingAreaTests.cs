using Microsoft.Extensions.Logging.Abstractions;
using Perb.Scheduler.Backups;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Pipeline;
using Perb.Scheduler.Store;
using Perb.Transfer.Hashing;

namespace Perb.Tests.Pipeline;

public sealed class StagingAreaTests : IDisposable
{
    private const string Volume = "100-2026_11_20-02_00_01.001-of-012.enc";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("perb-staging-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Opening_makes_private_folders_for_the_remotes()
    {
        var staging = Area();

        staging.Open(new HashSet<string>(), ["r", "s"]);

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
    [InlineData("perb.json")]
    public void What_no_record_speaks_of_is_swept_and_what_belongs_stays(string name)
    {
        Write("r", name);
        Write("s", name);
        Write("removed", name);

        Area().Open(new HashSet<string> { $"s/{name}" }, ["r", "s"]);

        Assert.Equal([$"s/{name}"], Files());
    }

    [Theory]
    [InlineData("vzdump-qemu-100-2026_11_20-02_00_01.vma.zst")]
    [InlineData("vm-100-disk-0.qcow2")]
    [InlineData("100-2026_11_20-02_00_01.enc.orig")]
    public void A_directory_that_also_holds_foreign_files_loses_none_of_them(string name)
    {
        Write("dump", name);

        Area().Open(new HashSet<string>(), ["dump", "r"]);

        Assert.Equal([$"dump/{name}"], Files());
    }

    [Fact]
    public void Foreign_folders_behind_links_are_not_swept()
    {
        using var elsewhere = new TemporaryFolder();
        File.WriteAllText(Path.Combine(elsewhere.Path, Volume), "");
        Directory.CreateSymbolicLink(Path.Combine(_folder.FullName, "link"), elsewhere.Path);

        Area().Open(new HashSet<string>(), ["r"]);

        Assert.True(File.Exists(Path.Combine(elsewhere.Path, Volume)));
    }

    [Fact]
    public void Staged_and_reserved_bytes_stay_below_the_limit()
    {
        var staging = Area(maxBytes: 100);
        Write("r", Volume, 40);
        Write("r", "x.partial", 1000); // counted by its reservation
        using var reserved = staging.Reserve(50);

        var full = Assert.Throws<StagingFullException>(() => staging.Reserve(11));
        Assert.Contains("Staging:MaxSize is 100 B", full.Message, StringComparison.Ordinal);
        staging.Reserve(10).Dispose();
    }

    [Fact]
    public void A_reservation_ends_once()
    {
        var staging = Area(maxBytes: 100);
        var reserved = staging.Reserve(60);

        reserved.Dispose();
        reserved.Dispose();

        using var again = staging.Reserve(100);
        Assert.Throws<StagingFullException>(() => staging.Reserve(1));
    }

    [Fact]
    public void The_disk_is_never_filled()
    {
        var staging = Area(floor: new FreeSpaceFloor(long.MaxValue / 2, 0));

        Assert.Contains("Staging:MinFree keeps", Assert.Throws<StagingFullException>(() => staging.Reserve(1)).Message, StringComparison.Ordinal);
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
        new StagingSection(_folder.FullName, maxBytes, floor ?? new FreeSpaceFloor(0, 0), 1), NullLogger<StagingArea>.Instance);

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
