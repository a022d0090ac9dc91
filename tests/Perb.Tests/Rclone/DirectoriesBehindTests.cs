using Perb.Transfer.Rclone;

namespace Perb.Tests.Rclone;

/// <summary>A remote of rclone's may be a directory of this machine, or stand before one.</summary>
public sealed class DirectoriesBehindTests : IDisposable
{
    private const string Configuration = """
        # mine
        [disk]
        type = local

        [here]
        type = alias
        remote = /mnt/usb

        [hidden]
        type = crypt
        remote = here:perb/
        password = x=y=

        [both]
        type = union
        upstreams = disk:/a here:b:nc gdrive:c

        [tree]
        type = combine
        upstreams = one=disk:/a two=/b

        [gdrive]
        type = drive

        [loop]
        type = alias
        remote = loop:x
        """;

    private readonly string _file = Path.GetTempFileName();

    public DirectoriesBehindTests() => File.WriteAllText(_file, Configuration);

    public void Dispose() => File.Delete(_file);

    [Theory]
    [InlineData("/mnt/nas/perb", "/mnt/nas/perb")]
    [InlineData(":local:/mnt/nas", "/mnt/nas")]
    [InlineData("disk:/mnt/nas", "/mnt/nas")]
    [InlineData("here:perb", "/mnt/usb/perb")]
    [InlineData("here:", "/mnt/usb")]
    [InlineData("hidden:pve1", "/mnt/usb/perb/")]
    [InlineData("both:", "/a /mnt/usb/b")]
    [InlineData("tree:one", "/a /b")]
    [InlineData("gdrive:perb", "")]
    [InlineData("nowhere:perb", "")]
    [InlineData("loop:", "")]
    public void The_directories_are_those_at_the_end_of_the_chain(string remote, string expected) =>
        Assert.Equal(expected, string.Join(' ', RcloneConfigFile.DirectoriesBehind(_file, RemotePath.Parse(remote))));

    [Fact]
    public void Of_a_file_that_cannot_be_read_nothing_is_known() =>
        Assert.Empty(RcloneConfigFile.DirectoriesBehind("/nowhere/rclone.conf", RemotePath.Parse("disk:/mnt")));
}
