using System.Formats.Tar;
using CsCheck;
using Perb.Transfer.Sealing;

namespace Perb.Tests.Transfer;

public sealed class TarStreamTests : IDisposable
{
    private const string Name = "vzdump-qemu-100-2026_11_20-02_00_01.vma.zst";
    private static readonly DateTimeOffset Time = new(2026, 11, 20, 2, 41, 7, 500, TimeSpan.Zero);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("perb-tar-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(511)]
    [InlineData(512)]
    [InlineData(100_000)]
    public async Task The_stream_is_a_tar_of_archive_log_and_notes(int archiveBytes)
    {
        var content = Bytes(archiveBytes);
        var log = new TarCompanion("x.log", "done\n"u8.ToArray(), Time);
        var notes = new TarCompanion(Name + ".notes", [], Time);
        var tar = TarStream.For(Name, archiveBytes, Time, log, notes);
        using var source = Source(content);

        var entries = Read(await ReadAsync(tar, source, 0, (int)tar.TotalBytes));

        Assert.Equal([Name, "x.log", Name + ".notes"], entries.Select(entry => entry.Name));
        Assert.Equal(content, entries[0].Content);
        Assert.Equal(log.Content, entries[1].Content);
        Assert.Empty(entries[2].Content);
        Assert.All(entries, entry => Assert.Equal(Time.ToUnixTimeSeconds(), entry.ModifiedAt.ToUnixTimeSeconds()));
    }

    [Fact]
    public async Task Ranges_put_together_are_the_stream_wherever_it_is_cut()
    {
        var content = Bytes(3000);
        var tar = TarStream.For(Name, content.Length, Time, new TarCompanion("x.log", Bytes(700), Time), null);
        using var source = Source(content);
        var whole = await ReadAsync(tar, source, 0, (int)tar.TotalBytes);

        await Gen.Int[0, (int)tar.TotalBytes].Array[0, 8].SampleAsync(async cuts =>
        {
            var pieces = new List<byte>();
            foreach (var cut in cuts.Order().Append((int)tar.TotalBytes))
            {
                pieces.AddRange(await ReadAsync(tar, source, pieces.Count, cut - pieces.Count));
            }

            Assert.Equal(whole, pieces);
        });
    }

    [Fact]
    public async Task A_source_shorter_than_planned_is_an_error()
    {
        var tar = TarStream.For(Name, 3000, Time, null, null);
        using var source = Source(Bytes(2999));
        await Assert.ThrowsAsync<SourceChangedException>(() => ReadAsync(tar, source, 0, (int)tar.TotalBytes));
    }

    [Theory]
    [InlineData((8L << 30) - 1, 512)]
    [InlineData(8L << 30, 1536)]
    [InlineData(2L << 40, 1536)]
    public void From_8_GiB_on_a_pax_record_tells_the_size(long archiveBytes, int headBytes)
    {
        var tar = TarStream.For(Name, archiveBytes, Time, new TarCompanion("x.log", "done"u8.ToArray(), Time), null);
        Assert.Equal(headBytes, tar.Head.Length);

        using var sparse = Sparse(tar);
        using var reader = new TarReader(sparse);
        var archive = reader.GetNextEntry(copyData: false)!;
        Assert.Equal((Name, archiveBytes), (archive.Name, archive.Length));
        Assert.Equal("x.log", reader.GetNextEntry(copyData: false)!.Name);
        Assert.Null(reader.GetNextEntry(copyData: false));
    }

    [Theory]
    [InlineData(100, 512)]
    [InlineData(101, 1536)]
    [InlineData(255, 1536)]
    public void A_name_that_does_not_fit_is_told_by_a_pax_record(int letters, int headBytes)
    {
        var name = new string('n', letters);
        var tar = TarStream.For(name, 0, Time, null, null);
        Assert.Equal(headBytes, tar.Head.Length);
        Assert.Equal(name, Assert.Single(Read([.. tar.Head, .. tar.Tail])).Name);
    }

    [Fact]
    public void A_name_outside_ascii_comes_back() =>
        Assert.Equal("Käse.notes", Assert.Single(Read([.. TarHeader.For("Käse.notes", 0, Time), .. new byte[1024]])).Name);

    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("a/b")]
    [InlineData("a\nb")]
    public void A_name_that_leads_elsewhere_is_refused(string name) =>
        Assert.Throws<ArgumentException>(() => TarStream.For(name, 0, Time, null, null));

    /// <summary>The stream as a file with a hole for the archive.</summary>
    private FileStream Sparse(TarStream tar)
    {
        var file = new FileStream(Path.Combine(_folder.FullName, "sparse.tar"), FileMode.Create);
        file.Write(tar.Head);
        file.Position = tar.Head.Length + tar.ArchiveBytes;
        file.Write(tar.Tail);
        file.Position = 0;
        return file;
    }

    private SourceArchive Source(byte[] content)
    {
        var path = Path.Combine(_folder.FullName, Name);
        File.WriteAllBytes(path, content);
        return SourceArchive.Open(path);
    }

    private static async Task<byte[]> ReadAsync(TarStream tar, SourceArchive source, long offset, int length)
    {
        var buffer = new byte[length];
        await tar.ReadExactlyAsync(source, offset, buffer, TestContext.Current.CancellationToken);
        return buffer;
    }

    private static List<(string Name, byte[] Content, DateTimeOffset ModifiedAt)> Read(byte[] tar)
    {
        var entries = new List<(string, byte[], DateTimeOffset)>();
        using var reader = new TarReader(new MemoryStream(tar));
        while (reader.GetNextEntry(copyData: true) is { } entry)
        {
            using var content = new MemoryStream();
            entry.DataStream?.CopyTo(content);
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead, entry.Mode);
            Assert.Equal((0, 0), (entry.Uid, entry.Gid));
            entries.Add((entry.Name, content.ToArray(), entry.ModificationTime));
        }

        return entries;
    }

    private static byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        new Random(count).NextBytes(bytes);
        return bytes;
    }
}
