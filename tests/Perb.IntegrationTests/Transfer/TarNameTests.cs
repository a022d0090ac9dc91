using System.Diagnostics;
using System.Text;
using Perb.Transfer.Sealing;

namespace Perb.IntegrationTests.Transfer;

/// <summary>Names that a shell, a terminal or a tar of 1988 would stumble over come out of both tars as they went in.</summary>
public sealed class TarNameTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("perb-names-");

    public void Dispose() => _folder.Delete(recursive: true);

    public static TheoryData<string, string> Cases
    {
        get
        {
            string[] names =
            [
                "two words", " leading and trailing ", "quo'te", "quo\"te", "back\\slash", "back\\nslash", "-rf", "--checkpoint-action=exec=false",
                "$(false)", "`false`", "a;b|c&d", "star*?[x]", "colon:name", "eq=ual", "~", "#hash", "...", ".hidden", "Käse", "日本語", "🜁",
                "vzdump-qemu-100-2026_11_20-02_00_01.vma.zst", new('n', 99), new('n', 100), new('n', 101), new('n', 255),
                new string('ä', 50), new string('ä', 51), new string('ä', 127) + "n", "n" + new string('ä', 50),
            ];
            var data = new TheoryData<string, string>();
            foreach (var name in names)
            {
                data.Add("tar", name);
                data.Add("bsdtar", name);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_name_comes_back(string program, string name)
    {
        Assert.InRange(Encoding.UTF8.GetByteCount(name), 1, 255);
        var content = "the archive"u8.ToArray();
        var log = "the log"u8.ToArray();
        var tar = TarStream.For(name, content.Length, DateTimeOffset.UnixEpoch, new TarCompanion("x.log", log, DateTimeOffset.UnixEpoch), null);

        Extract(program, [.. tar.Head, .. content, .. tar.Tail]);

        Assert.Equal(
            new[] { name, "x.log" }.Order(StringComparer.Ordinal),
            _folder.GetFiles().Select(file => file.Name).Order(StringComparer.Ordinal));
        Assert.Equal(content, File.ReadAllBytes(Path.Combine(_folder.FullName, name)));
        Assert.Equal(log, File.ReadAllBytes(Path.Combine(_folder.FullName, "x.log")));
        Assert.All(_folder.GetFiles(), file => Assert.Equal("644", Convert.ToString((int)file.UnixFileMode, 8)));
        Assert.All(_folder.GetFiles(), file => Assert.Equal(DateTime.UnixEpoch, file.LastWriteTimeUtc));
    }

    /// <summary>bsdtar composes what a pax record has decomposed; GNU tar takes it as it is. vzdump's own names are ASCII.</summary>
    [Fact]
    public void A_decomposed_name_is_left_to_the_tar()
    {
        var tar = TarStream.For("e\u0301", 0, DateTimeOffset.UnixEpoch, null, null);
        Extract("tar", [.. tar.Head, .. tar.Tail]);
        Assert.Equal("e\u0301", Assert.Single(_folder.GetFiles()).Name);
    }

    [Theory]
    [InlineData("new\nline")]
    [InlineData("carriage\rreturn")]
    [InlineData("nul\0")]
    [InlineData("esc\u001b[31m")]
    [InlineData("c1\u009b")]
    [InlineData("del\u007f")]
    [InlineData("a/b")]
    [InlineData("/a")]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData("")]
    public void A_name_that_leads_elsewhere_or_steers_a_terminal_is_refused(string name)
    {
        Assert.Throws<ArgumentException>(() => TarStream.For(name, 1, DateTimeOffset.UnixEpoch, null, null));
        Assert.Throws<ArgumentException>(
            () => TarStream.For("a", 1, DateTimeOffset.UnixEpoch, new TarCompanion(name, [], DateTimeOffset.UnixEpoch), null));
    }

    private void Extract(string program, byte[] tar)
    {
        var start = new ProcessStartInfo(program, ["-x", "-f", "-", "-p"])
        {
            WorkingDirectory = _folder.FullName,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardError = true,
        };
        start.Environment["LC_ALL"] = "C.UTF-8";
        using var process = Process.Start(start)!;
        process.StandardInput.BaseStream.Write(tar);
        process.StandardInput.Close();
        Assert.Equal("", process.StandardError.ReadToEnd());
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }
}
