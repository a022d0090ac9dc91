using System.Diagnostics;
using Perb.Scheduler.Discovery;

namespace Perb.Tests.Discovery;

public sealed class ArchivePathTests : IDisposable
{
    private const string Name = "vzdump-qemu-100-2026_11_20-02_00_01.vma.zst";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("perb-paths-");

    private string Good => PathOf(Name);

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void A_whole_archive_is_good_wherever_it_lies_and_however_big_it_is()
    {
        File.WriteAllBytes(Good, []);

        Assert.Null(ArchivePath.FaultOf(Good));
    }

    [Fact]
    public void What_is_not_there_is_told_and_what_vzdump_still_writes()
    {
        Check(Good, "is not there");
        Check(PathOf("none", Name), "is not there");

        File.WriteAllBytes(PathOf("vzdump-qemu-100-2026_11_20-02_00_01.vma.dat"), []);
        Check(Good, "vzdump still writes vzdump-qemu-100-2026_11_20-02_00_01.vma.dat");
        Check(PathOf("vzdump-qemu-100-2026_11_20-02_00_01.vma.dat"), "is not finished");
    }

    [Fact]
    public void A_link_a_directory_and_a_fifo_are_no_archives_and_are_not_waited_for()
    {
        File.WriteAllBytes(PathOf("target"), []);
        File.CreateSymbolicLink(Good, PathOf("target"));
        Check(Good, "a symbolic link, not a regular file");
        File.Delete(Good);
        Directory.CreateDirectory(Good);
        Check(Good, "a directory, not a regular file");
        Check(Good + "/", "a directory, not a regular file");
        Directory.Delete(Good);
        using var make = Process.Start("mkfifo", [Good]);
        make.WaitForExit();
        Check(Good, "a FIFO, not a regular file");
    }

    [Theory]
    [InlineData("backup-of-100.vma.zst")]
    [InlineData("vzdump-qemu-100-2026_13_20-02_00_01.vma.zst")]
    [InlineData("vzdump-qemu-100-2026_11_20-02_00_01.vma.zst.notes")]
    [InlineData("vzdump-qemu-100-2026_11_20-02_00_01.log")]
    public void Another_name_is_refused_with_an_example(string name)
    {
        File.WriteAllBytes(PathOf(name), []);

        Check(PathOf(name), "does not have a name that vzdump gives, such as vzdump-qemu-100-2026_11_20-02_00_01.vma.zst");
    }

    private static void Check(string path, string expected)
    {
        var fault = ArchivePath.FaultOf(path);
        Assert.NotNull(fault);
        Assert.StartsWith(path, fault, StringComparison.Ordinal);
        Assert.Contains(expected, fault, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', fault);
    }

    private string PathOf(params string[] parts) => Path.Combine([_folder.FullName, .. parts]);
}
