using Perb.Scheduler.Configuration;

namespace Perb.Tests.Configuration;

public sealed class ReadableFileTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("perb-readable-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void A_file_that_can_be_read_has_no_fault()
    {
        var file = Path.Combine(_folder.FullName, "file");
        File.WriteAllText(file, "");

        Assert.Null(ReadableFile.FaultOf(file));
        Assert.False(ReadableFile.IsDenied(file));
    }

    [Fact]
    public void A_directory_is_called_so() =>
        Assert.Equal("is a directory, and must be a file", ReadableFile.FaultOf(_folder.FullName));

    [Theory]
    [InlineData("absent")]
    [InlineData("absent/below")]
    public void What_is_missing_is_called_so(string name)
    {
        var file = Path.Combine(_folder.FullName, name);

        Assert.Equal("is not there; give the absolute path of a file", ReadableFile.FaultOf(file));
        Assert.False(ReadableFile.IsDenied(file));
    }
}
