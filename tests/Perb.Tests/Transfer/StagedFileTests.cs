using Perb.Transfer.Staging;

namespace Perb.Tests.Transfer;

public sealed class StagedFileTests : IDisposable
{
    private static readonly byte[] Content = "content"u8.ToArray();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("perb-staged-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task A_file_has_its_name_only_after_the_commit()
    {
        using var staged = StagedFile.Create(_folder.FullName, "x");
        await staged.WriteAsync(Content, TestContext.Current.CancellationToken);
        Assert.Equal(["x.partial"], Names());

        await staged.CommitAsync(Content.Length, TestContext.Current.CancellationToken);

        Assert.Equal(["x"], Names());
        Assert.Equal(Content, await File.ReadAllBytesAsync(staged.Path, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_committed_file_stays_and_belongs_to_its_owner_only()
    {
        using (var staged = StagedFile.Create(_folder.FullName, "x"))
        {
            await staged.WriteAsync(Content, TestContext.Current.CancellationToken);
            await staged.CommitAsync(Content.Length, TestContext.Current.CancellationToken);
        }

        var file = new FileInfo(Path.Combine(_folder.FullName, "x"));
        Assert.True(file.Exists);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, file.UnixFileMode);
    }

    [Fact]
    public async Task Disposing_without_commit_deletes_it()
    {
        using (var staged = StagedFile.Create(_folder.FullName, "x"))
        {
            await staged.WriteAsync(Content, TestContext.Current.CancellationToken);
        }

        Assert.Empty(Names());
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public async Task Another_byte_count_is_never_committed(int off)
    {
        using (var staged = StagedFile.Create(_folder.FullName, "x"))
        {
            await staged.WriteAsync(Content, TestContext.Current.CancellationToken);
            await Assert.ThrowsAsync<InvalidOperationException>(
                () => staged.CommitAsync(Content.Length + off, TestContext.Current.CancellationToken));
        }

        Assert.Empty(Names());
    }

    [Fact]
    public async Task A_cancelled_commit_leaves_nothing()
    {
        using (var staged = StagedFile.Create(_folder.FullName, "x"))
        {
            await staged.WriteAsync(Content, TestContext.Current.CancellationToken);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(
                () => staged.CommitAsync(Content.Length, new CancellationToken(canceled: true)));
        }

        Assert.Empty(Names());
    }

    [Fact]
    public void A_link_in_the_way_is_not_followed()
    {
        var victim = Path.Combine(_folder.FullName, "victim");
        File.WriteAllBytes(victim, Content);
        File.CreateSymbolicLink(Path.Combine(_folder.FullName, "x.partial"), victim);

        Assert.Throws<IOException>(() => StagedFile.Create(_folder.FullName, "x"));
        Assert.Equal(Content, File.ReadAllBytes(victim));
    }

    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("a/b")]
    public void A_name_that_leads_elsewhere_is_refused(string name) =>
        Assert.Throws<ArgumentException>(() => StagedFile.Create(_folder.FullName, name));

    private IEnumerable<string?> Names() => Directory.EnumerateFileSystemEntries(_folder.FullName).Select(Path.GetFileName);
}
