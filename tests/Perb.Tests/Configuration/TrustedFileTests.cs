using Perb.Scheduler.Configuration;

namespace Perb.Tests.Configuration;

public sealed class TrustedFileTests : IDisposable
{
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("perb-trusted-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData(UnixFileMode.None, false)]
    [InlineData(UnixFileMode.GroupRead | UnixFileMode.OtherRead, false)]
    [InlineData(UnixFileMode.GroupWrite, true)]
    [InlineData(UnixFileMode.OtherWrite, true)]
    public void Only_the_owner_may_write_it(UnixFileMode others, bool refused)
    {
        var file = Write(Owner | others);

        Assert.Equal(
            refused ? $"Key: others than its owner can write it, so all is lost: chmod go-w {file}" : null,
            TrustedFile.FaultOf("Key", file, "all is lost"));
    }

    [Theory]
    [InlineData(UnixFileMode.None, false)]
    [InlineData(UnixFileMode.OtherWrite, true)]
    public void Of_a_link_the_target_counts(UnixFileMode others, bool refused)
    {
        var link = Path.Combine(_folder.FullName, "link");
        File.CreateSymbolicLink(link, Write(Owner | others));

        Assert.Equal(refused, TrustedFile.FaultOf("Key", link, "all is lost") is not null);
    }

    [Fact]
    public void What_is_not_there_is_for_its_reader_to_tell() =>
        Assert.Null(TrustedFile.FaultOf("Key", Path.Combine(_folder.FullName, "none"), "all is lost"));

    private string Write(UnixFileMode mode)
    {
        var file = Path.Combine(_folder.FullName, "file");
        File.WriteAllText(file, "x");
        File.SetUnixFileMode(file, mode);
        return file;
    }
}
