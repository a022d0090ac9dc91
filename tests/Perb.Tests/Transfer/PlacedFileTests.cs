using Perb.Transfer.Staging;

namespace Perb.Tests.Transfer;

public sealed class PlacedFileTests : IDisposable
{
    private static readonly DateTimeOffset Time = new(2026, 11, 20, 2, 41, 7, TimeSpan.Zero);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("perb-placed-");
    private readonly DirectoryInfo _work;

    public PlacedFileTests() => _work = _folder.CreateSubdirectory("work");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task A_file_has_its_name_and_time_only_once_it_is_placed()
    {
        using var file = Open();
        await file.WriteAsync("content"u8.ToArray(), Token);
        Assert.Equal(["x.partial"], Names(_work));
        Assert.Empty(Names(_folder));

        await file.PlaceAsync(Time, Token);

        Assert.Equal(["x"], Names(_folder));
        Assert.Empty(Names(_work));
        Assert.Equal(("content", Time.UtcDateTime), (await File.ReadAllTextAsync(file.Path, Token), File.GetLastWriteTimeUtc(file.Path)));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file.Path));
    }

    [Fact]
    public async Task It_never_replaces_what_has_its_name()
    {
        using var file = Open();
        await file.WriteAsync("content"u8.ToArray(), Token);
        await File.WriteAllTextAsync(file.Path, "another", Token);

        var refused = await Assert.ThrowsAsync<IOException>(() => file.PlaceAsync(Time, Token));

        Assert.Contains("exists already", refused.Message, StringComparison.Ordinal);
        Assert.Equal("another", await File.ReadAllTextAsync(file.Path, Token));
    }

    [Fact]
    public async Task What_is_kept_is_gone_on_with_and_the_rest_of_it_cut_off()
    {
        await File.WriteAllTextAsync(Path.Combine(_work.FullName, "x.partial"), "content and rubbish", Token);

        using var file = PlacedFile.Open(_work.FullName, _folder.FullName, "x", "content".Length);
        await file.WriteAsync(" more"u8.ToArray(), Token);
        await file.PlaceAsync(Time, Token);

        Assert.Equal("content more", await File.ReadAllTextAsync(file.Path, Token));
    }

    [Fact]
    public void Less_than_was_kept_is_refused()
    {
        File.WriteAllText(Path.Combine(_work.FullName, "x.partial"), "short");

        Assert.Throws<IOException>(() => PlacedFile.Open(_work.FullName, _folder.FullName, "x", 6));
        Assert.Throws<FileNotFoundException>(() => PlacedFile.Open(_work.FullName, _folder.FullName, "y", 6));
    }

    private PlacedFile Open() => PlacedFile.Open(_work.FullName, _folder.FullName, "x", 0);

    private static IEnumerable<string> Names(DirectoryInfo folder) => folder.EnumerateFiles().Select(file => file.Name);
}
