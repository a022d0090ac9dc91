using System.IO.Compression;
using System.Text;
using Perb.Scheduler.Restore;
using Perb.Transfer.Sealing;
using Perb.Transfer.Unpacking;

namespace Perb.Tests.Restore;

public sealed class BackupEntriesTests
{
    private const string X = "100-2026_11_20-02_00_01";
    private const string Stem = "vzdump-qemu-" + X;
    private const string Archive = Stem + ".vma.zst";

    [Theory]
    [InlineData(true, Archive)]
    [InlineData(true, Archive, Stem + ".log")]
    [InlineData(true, Archive, Stem + ".log", Archive + ".notes")]
    [InlineData(true, "vzdump-lxc-" + X + ".tar.gz", "vzdump-lxc-" + X + ".log")]
    [InlineData(false, Archive, Stem + ".log")]
    [InlineData(false, Stem + ".log", Archive)]
    public void Archive_log_and_notes_belong_to_a_backup(bool isOurs, params string[] names)
    {
        var entries = new BackupEntries(X, isOurs);

        Assert.Equal([.. names.Select(name => !name.EndsWith(".log", StringComparison.Ordinal) && !name.EndsWith(".notes", StringComparison.Ordinal))],
            names.Select(name => entries.IsArchive(Entry(name))));
    }

    [Theory]
    [InlineData(true, Stem + ".log")] // before the archive
    [InlineData(true, Archive, Archive)]
    [InlineData(true, Archive, Stem + ".vma")]
    [InlineData(true, Archive, Stem + ".log", Stem + ".log")]
    [InlineData(true, Archive, "vzdump-lxc-" + X + ".log")]
    [InlineData(true, Archive, Stem + ".notes")]
    [InlineData(true, "vzdump-qemu-101-2026_11_20-02_00_01.vma.zst")]
    [InlineData(true, "vzdump-qemu-100-2026_11_20-02_00_02.vma.zst")]
    [InlineData(true, ".bashrc")]
    [InlineData(true, "authorized_keys")]
    [InlineData(false, ".bashrc")]
    [InlineData(false, Archive, "authorized_keys")]
    [InlineData(false, "vzdump-qemu-101-2026_11_20-02_00_01.log")]
    public void Nothing_else_does(bool isOurs, params string[] names)
    {
        var entries = new BackupEntries(X, isOurs);
        foreach (var name in names[..^1])
        {
            entries.IsArchive(Entry(name));
        }

        Assert.Throws<TarException>(() => entries.IsArchive(Entry(names[^1])));
    }

    [Theory]
    [InlineData(X + ".enc", "tar", null, true, false)]
    [InlineData(X + ".vma.enc", "tar", null, true, false)]
    [InlineData(X + ".enc", "tar.gz", null, true, true)]
    [InlineData(X + ".vma.enc", "VMA", Stem + ".vma", false, false)]
    [InlineData(X + ".enc", "VMA", Stem + ".vma", false, false)]
    [InlineData(X + ".vma.enc", "zst", Stem + ".vma.zst", false, false)]
    [InlineData(X + ".vma.enc", "lzo", Stem + ".vma.lzo", false, false)]
    [InlineData(X + ".vma.enc", "gz", Stem + ".vma.gz", false, false)]
    [InlineData(X + ".tar.enc", "gz", "vzdump-lxc-" + X + ".tar.gz", false, false)]
    [InlineData(X + ".enc", "other tar", "vzdump-lxc-" + X + ".tar", false, false)]
    public void What_PERB_packed_is_told_from_its_first_bytes(string file, string content, string? archive, bool isTar, bool isGzipped) =>
        Assert.Equal(new OldContent(isTar, isGzipped, archive), OldContent.Of(file, X, Head(content)));

    [Theory]
    [InlineData(X + ".enc", "zst")] // of which kind?
    [InlineData(X + ".enc", "text")]
    [InlineData(X + ".vma.enc", "text")]
    [InlineData(X + ".vma.enc", "")]
    public void What_it_cannot_have_packed_is_refused(string file, string content) => Assert.Null(OldContent.Of(file, X, Head(content)));

    private static byte[] Head(string content) => content switch
    {
        "tar" => TarHeader.For(Archive, 5, DateTimeOffset.UnixEpoch),
        "other tar" => TarHeader.For("etc", 0, DateTimeOffset.UnixEpoch),
        "tar.gz" => Gzip(TarHeader.For(Archive, 5, DateTimeOffset.UnixEpoch)),
        "VMA" => [.. "VMA\0"u8, .. new byte[600]],
        "zst" => [0x28, 0xB5, 0x2F, 0xFD, .. new byte[600]],
        "lzo" => [0x89, .. "LZO"u8, .. new byte[600]],
        "gz" => Gzip(Encoding.ASCII.GetBytes(new string('x', 1000))),
        _ => Encoding.ASCII.GetBytes(content),
    };

    private static byte[] Gzip(byte[] content)
    {
        using var zipped = new MemoryStream();
        using (var gzip = new GZipStream(zipped, CompressionMode.Compress))
        {
            gzip.Write(content);
        }

        return zipped.ToArray();
    }

    private static TarEntry Entry(string name) => new(name, 1, DateTimeOffset.UnixEpoch);
}
