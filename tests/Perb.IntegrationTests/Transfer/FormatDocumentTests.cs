using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Perb.Scheduler.Pipeline;
using Perb.TestKit;
using Perb.Transfer.Manifests;
using Perb.Transfer.Sealing;

namespace Perb.IntegrationTests.Transfer;

/// <summary>The examples of docs/FORMAT.md, each held against the code or against gpg.</summary>
public sealed partial class FormatDocumentTests(SharedKey key) : IClassFixture<SharedKey>
{
    private const string Document = "docs/FORMAT.md";
    private const string X = Workplace.RemoteName;

    [Fact]
    public void Its_recovery_lines_are_those_of_the_readme()
    {
        var lines = ReadmeLines.LinesOf(Document, "## 8. Restore without Perb");
        Assert.Equal(3, lines.Count);
        Assert.All(lines, line => Assert.Contains(line, ReadmeLines.LinesOf("README.md", "## Restore without Perb")));
    }

    [Fact]
    public void Its_manifest_is_one()
    {
        var lines = ReadmeLines.LinesOf(Document, "## 5. The manifest");
        var text = string.Concat(lines.TakeWhile(line => !line.StartsWith("manifest =", StringComparison.Ordinal)).Select(line => line + "\n"));

        var manifest = Manifest.Parse(text);

        Assert.Equal(text, manifest.Format());
        Assert.Equal(X, manifest.RemoteName);

        // The sizes are what the lengths and packets of section 4 add up to, for one Curve25519 key.
        const long tarBytes = 512 + 1_500_000_000 + 256 + 512 + 4608 + 512 + 512 + 1024;
        Assert.Equal(
            [SealedBytes(1L << 30, manifest.Volumes[0].Name), SealedBytes(tarBytes - (1L << 30), manifest.Volumes[1].Name)],
            manifest.Volumes.Select(volume => volume.SizeBytes));
    }

    [Fact]
    public void Its_owner_file_is_one()
    {
        var json = ReadmeLines.LinesOf(Document, "## 1. Names").Single();
        var owner = JsonSerializer.Deserialize(json, OwnerJson.Default.PathOwner)!;
        Assert.Equal((1, 32), (owner.Format, owner.Installation.Length));
        Assert.Equal(json, JsonSerializer.Serialize(owner, OwnerJson.Default.PathOwner));
    }

    [Fact]
    public void Its_tar_header_is_the_one_that_is_written()
    {
        var block = TarHeader.For(Workplace.ArchiveName, 1_500_000_000, new DateTimeOffset(2026, 11, 20, 1, 4, 10, TimeSpan.Zero));
        var shown = new List<string>();
        for (var at = 0; at < block.Length; at += 16)
        {
            var line = block[at..(at + 16)];
            if (line.Any(value => value != 0))
            {
                shown.Add($"{at:x3}  {string.Join(' ', line.Select(value => value.ToString("x2")))}");
            }
            else if (shown[^1] != "*")
            {
                shown.Add("*");
            }
        }

        Assert.Equal(shown, ReadmeLines.LinesOf(Document, "## 2. The tar stream"));
    }

    [Fact]
    public void Its_pax_record_is_the_one_that_is_written() => Assert.Contains(
        "`" + Encoding.ASCII.GetString(TarHeader.For("a", 1L << 40, DateTimeOffset.UnixEpoch)[512..(512 + 21)]) + "`",
        File.ReadAllText(Repository.PathOf("docs", "FORMAT.md")));

    [Theory]
    [InlineData(GpgVersion.Installed, PacketKind.Mdc)]
    [InlineData(GpgVersion.Installed, PacketKind.Ocb)]
    [InlineData(GpgVersion.Gpg24, PacketKind.Mdc)]
    [InlineData(GpgVersion.Gpg24, PacketKind.Ocb)]
    public void Its_messages_are_opened_by_gpg_with_their_session_keys(GpgVersion version, PacketKind packet)
    {
        using var gpg = new GpgHome(version);
        var example = Example().Matches(File.ReadAllText(Repository.PathOf("docs", "FORMAT.md")))
            .Single(match => match.Groups["packet"].Value == packet.Word());
        var file = Path.Combine(gpg.Folder, X + ".enc");
        File.WriteAllBytes(file, Convert.FromHexString(Regex.Replace(example.Groups["hex"].Value, @"\s", "")));

        var ended = gpg.Run(["--status-fd", "2", "--override-session-key", example.Groups["key"].Value, "--decrypt", file]).Ok();

        Assert.Equal("six bytes\n", ended.Output);
        Assert.Contains($"PLAINTEXT 62 0 {X}.enc", ended.Errors);
        Assert.Contains("GOODMDC", ended.Errors);
        Assert.Equal(new FileInfo(file).Length, SealedBytes(10, X + ".enc", packet));
    }

    private long SealedBytes(long contentBytes, string name, PacketKind packet = PacketKind.Mdc)
    {
        using var message = new VolumeMessage(packet, name, contentBytes, key.Recipients, hideRecipients: false);
        return message.TotalBytes;
    }

    [GeneratedRegex(@"^`(?<packet>mdc|ocb)`, session key `(?<key>[0-9A-F.:]+)`:\n\n(?<hex>(?:    [0-9a-f]+\n)+)", RegexOptions.Multiline)]
    private static partial Regex Example();
}
