using CsCheck;
using Perb.Transfer;
using Perb.Transfer.Hashing;
using Perb.Transfer.Manifests;
using Perb.Transfer.Sealing;

namespace Perb.Tests.Transfer;

public sealed class ManifestTests
{
    private const string Stem = "100-2026_11_20-02_00_01";

    [Fact]
    public void The_text_is_this()
    {
        var manifest = Sample(2, HashKind.Md5);
        var (a, b) = (new string('a', 64), new string('b', 32));
        Assert.Equal(
            $"""
            # Perb manifest, format 1
            # archive-size 1500
            # archive-mtime 2026-11-20T02:41:07Z
            # volume-size 1024
            # volumes 2
            # size ({Stem}.001-of-002.enc) = 1001
            SHA256 ({Stem}.001-of-002.enc) = {a}
            MD5 ({Stem}.001-of-002.enc) = {b}
            # size ({Stem}.002-of-002.enc) = 1002
            SHA256 ({Stem}.002-of-002.enc) = {a}
            MD5 ({Stem}.002-of-002.enc) = {b}

            """,
            manifest.Format());
        Assert.Equal(Stem + ".sums", manifest.FileName);
    }

    [Fact]
    public void What_is_written_reads_back() => Gen
        .Select(Gen.Int[1, 1200], Gen.Enum<HashKind>())
        .Sample(
            (count, kind) =>
            {
                var manifest = Sample(count, kind == HashKind.Sha256 ? null : kind);
                var read = Manifest.Parse(manifest.Format());
                Assert.Equal(manifest.Volumes, read.Volumes);
                Assert.Equal(manifest with { Volumes = [] }, read with { Volumes = [] });
            },
            iter: 50);

    [Theory]
    [InlineData("# Perb manifest, format 1", "# Perb manifest, format 2", "format 2")]
    [InlineData("# Perb manifest, format 1", "# Perb manifest, format \u001b[31m", "which format")]
    [InlineData("# Perb manifest, format 1\n", "", "'# Perb manifest, format' is missing")]
    [InlineData("# archive-size 1500", "# archive-size -1", "line 2")]
    [InlineData("# archive-size 1500", "# archive-size 01500", "line 2")]
    [InlineData("# archive-size 1500", "# archive-size 99999999999999999999", "line 2")]
    [InlineData("02:41:07Z", "02:41:07", "line 3")]
    [InlineData("# volume-size 1024", "# volume-size 0", "empty")]
    [InlineData("# volumes 2", "# volumes 0", "none")]
    [InlineData("# volumes 2", "# volumes 3", "missing")]
    [InlineData("# volumes 2", "# volumes 1", "more than its volumes")]
    [InlineData("# volumes 2", "# volumes 2000000000", "line 5")]
    [InlineData("SHA256 (100-2026_11_20-02_00_01.001", "SHA256 (101-2026_11_20-02_00_01.001", "another volume")]
    [InlineData("100-2026_11_20-02_00_01.001", "../../../etc/passwd.001", "do not belong together")]
    [InlineData("100-2026_11_20-02_00_01.00", "200-2026_11_20-02_00_01.01", "do not belong together")]
    [InlineData("MD5 (", "SHA1 (", "malformed")]
    [InlineData("MD5 (", "CRC (", "missing")]
    [InlineData("= aaaa", "= AAAA", "malformed")]
    [InlineData("= aaaa", "= aaa", "malformed")]
    [InlineData("\n", "\r\n", "which format")]
    [InlineData("# size (", "# size ((", "another volume")]
    public void Anything_else_is_one_clear_line(string part, string replacement, string says)
    {
        var text = Sample(2, HashKind.Md5).Format();
        Assert.Contains(part, text);
        var exception = Assert.Throws<ManifestException>(() => Manifest.Parse(text.Replace(part, replacement, StringComparison.Ordinal)));
        Assert.Contains(says, exception.Message);
        Assert.DoesNotContain(exception.Message, char.IsControl);
        Assert.False(((EncryptionException)exception).IsTransient);
    }

    [Fact]
    public void A_manifest_cut_anywhere_is_refused()
    {
        var text = Sample(2, HashKind.Md5).Format();
        for (var length = 0; length < text.Length; length++)
        {
            // The hash of the remote is optional: a cut right before the last such line is the one that the signature must notice.
            if (length != text.LastIndexOf("MD5", StringComparison.Ordinal))
            {
                Assert.Throws<ManifestException>(() => Manifest.Parse(text[..length]));
            }
        }
    }

    [Fact]
    public void Noise_is_refused_and_never_another_exception() => Gen
        .Select(Gen.Int[0, 400], Gen.Char)
        .Sample((at, letter) =>
        {
            var text = Sample(2, HashKind.Md5).Format().ToCharArray();
            text[at] = letter;
            try
            {
                // What is accepted says exactly what it was read from.
                Assert.Equal(new string(text), Manifest.Parse(new string(text)).Format());
            }
            catch (ManifestException exception)
            {
                Assert.DoesNotContain(exception.Message, char.IsControl);
            }
        });

    private static Manifest Sample(int count, HashKind? kind) => new()
    {
        RemoteName = Stem,
        ArchiveBytes = 1500,
        ArchiveModifiedAt = new DateTimeOffset(2026, 11, 20, 2, 41, 7, TimeSpan.Zero),
        VolumeBytes = 1024,
        Volumes =
        [
            .. Enumerable.Range(1, count).Select(number => new ManifestVolume(
                VolumeNames.Of(Stem, number, count),
                1000 + number,
                new Digests(new string('a', 64), kind, kind is null ? null : new string('b', kind switch
                {
                    HashKind.Md5 => 32,
                    HashKind.Sha1 or HashKind.QuickXor => 40,
                    _ => 64,
                })))),
        ],
    };
}
