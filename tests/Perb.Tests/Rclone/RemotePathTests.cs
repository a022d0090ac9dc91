using CsCheck;
using Perb.Transfer.Rclone;

namespace Perb.Tests.Rclone;

public sealed class RemotePathTests
{
    [Theory]
    [InlineData("gdrive:", "a.enc", "gdrive:a.enc")]
    [InlineData("gdrive:perb", "a.enc", "gdrive:perb/a.enc")]
    [InlineData("gdrive:perb/", "a.enc", "gdrive:perb/a.enc")]
    [InlineData("sftp:/srv/perb", "a.enc", "sftp:/srv/perb/a.enc")]
    [InlineData("sftp:/", "a.enc", "sftp:/a.enc")]
    [InlineData("/mnt/offsite", "a.enc", "/mnt/offsite/a.enc")]
    [InlineData("/", "a.enc", "/a.enc")]
    [InlineData("/mnt/with:colon", "a.enc", "/mnt/with:colon/a.enc")]
    [InlineData("gdrive:ends with:", "a.enc", "gdrive:ends with:/a.enc")]
    [InlineData(":local:/x", "a.enc", ":local:/x/a.enc")]
    [InlineData(":sftp,host=nas,port=22:", "a.enc", ":sftp,host=nas,port=22:a.enc")]
    [InlineData(":http,url=\"https://nas:1/a\":", "a.enc", ":http,url=\"https://nas:1/a\":a.enc")]
    [InlineData(":http,url='say ''hi'':',x:d", "a.enc", ":http,url='say ''hi'':',x:d/a.enc")]
    [InlineData("gdrive,shared_with_me:perb", "-dash and space", "gdrive,shared_with_me:perb/-dash and space")]
    [InlineData("gdrive:", "-dash", "gdrive:-dash")]
    public void A_name_is_joined_below_a_path(string path, string name, string joined) =>
        Assert.Equal(joined, RemotePath.Parse(path).Join(name).Argument);

    [Theory]
    [InlineData("", "it is empty")]
    [InlineData(null, "it is empty")]
    [InlineData("-x:dir", "dash")]
    [InlineData(" gdrive:", "space")]
    [InlineData("gdrive:x ", "space")]
    [InlineData("gdrive:a\nb", "invisible character")]
    [InlineData("gdrive:a\u202eb", "invisible character")]
    [InlineData("relative/dir", "neither a remote")]
    [InlineData("gdrive", "neither a remote")]
    [InlineData(":", "neither a remote")]
    [InlineData("::x", "no name")]
    [InlineData("a/b:c", "letters, digits")]
    [InlineData("gdrive,open=\"quote:perb", "neither a remote")]
    public void A_text_that_is_no_path_is_refused_in_one_line(string? text, string reason)
    {
        Assert.False(RemotePath.TryParse(text, out _, out var fault));
        Assert.Contains(reason, fault, StringComparison.Ordinal);
        Assert.DoesNotContain(fault, character => char.IsControl(character));
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("a/b")]
    [InlineData("a\0b")]
    public void A_name_that_is_none_is_refused(string name) =>
        Assert.Throws<ArgumentException>(() => RemotePath.Parse("gdrive:perb").Join(name));

    [Fact]
    public void A_password_in_a_connection_string_is_not_displayed()
    {
        var path = RemotePath.Parse(":sftp,host=nas,pass=\"se:cret\":perb");

        Assert.Equal(":sftp,…:perb", path.ToString());
        Assert.Equal(":sftp,host=nas,pass=\"se:cret\":perb", path.Argument);
    }

    [Fact]
    public void A_closing_slash_makes_no_other_path() =>
        Assert.Equal(RemotePath.Parse("gdrive:perb"), RemotePath.Parse("gdrive:perb//"));

    [Fact]
    public void What_was_accepted_reads_back_as_itself() => Gen.String[Gen.Char[" :,/=\"'a-."], 0, 12].Sample(text =>
    {
        if (RemotePath.TryParse(text, out var path, out _))
        {
            Assert.Equal(path, RemotePath.Parse(path.ToString()));
            Assert.EndsWith("name", path.Join("name").Path, StringComparison.Ordinal);
        }
    });
}
