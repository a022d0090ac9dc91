using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Perb.Transfer.Sealing;

namespace Perb.IntegrationTests.Transfer;

/// <summary>An archive beyond 8 GiB, volume by volume through gpg into both tars; never more than one volume on the disk.</summary>
[Trait("Suite", "long")]
public sealed partial class LargeArchiveTests(SharedKey key) : IClassFixture<SharedKey>
{
    private const long ArchiveBytes = (8L << 30) + 7;

    [Theory]
    [InlineData(PacketKind.Mdc)]
    [InlineData(PacketKind.Ocb)]
    public async Task More_than_8_GiB_come_back_by_the_pax_record(PacketKind packet)
    {
        using var place = new Workplace(0);
        using (var sparse = File.OpenWrite(place.Archive))
        {
            sparse.SetLength(ArchiveBytes);
        }

        var plan = place.Plan(key.Recipients, 1 << 30, packet);
        Assert.Equal(9, plan.VolumeCount);
        using var source = SourceArchive.Open(place.Archive);
        using var gnu = Start(place.Staging, "tar", ["-tv"], redirectInput: true);
        using var bsd = Start(place.Staging, "bsdtar", ["-tv"], redirectInput: true);
        var cancellation = TestContext.Current.CancellationToken;
        var lists = (Gnu: gnu.StandardOutput.ReadToEndAsync(cancellation), Bsd: bsd.StandardOutput.ReadToEndAsync(cancellation));
        using var plain = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var plainBytes = 0L;
        for (var number = 1; number <= plan.VolumeCount; number++)
        {
            var volume = await new VolumeSealer().SealAsync(
                plan, number, source, key.Recipients, place.Staging, null, null, cancellation);
            using var gpg = Start(place.Staging, "gpg", ["--quiet", "--batch", "-d", volume.Name], redirectInput: false);
            var buffer = new byte[1 << 20];
            int read;
            while ((read = await gpg.StandardOutput.BaseStream.ReadAsync(buffer, cancellation)) > 0)
            {
                plain.AppendData(buffer, 0, read);
                plainBytes += read;
                await gnu.StandardInput.BaseStream.WriteAsync(buffer.AsMemory(0, read), cancellation);
                await bsd.StandardInput.BaseStream.WriteAsync(buffer.AsMemory(0, read), cancellation);
            }

            Assert.Equal(0, await EndAsync(gpg));
            File.Delete(volume.Path);
        }

        gnu.StandardInput.Close();
        bsd.StandardInput.Close();
        Assert.Equal((0, 0), (await EndAsync(gnu), await EndAsync(bsd)));
        Assert.Equal(plan.Tar.TotalBytes, plainBytes);
        Assert.Equal(HashOfStream(plan.Tar), Convert.ToHexString(plain.GetHashAndReset()));
        string[] expected =
        [
            $"{ArchiveBytes} {Workplace.ArchiveName}",
            $"{Workplace.Log.Length} vzdump-qemu-100-2026_11_20-02_00_01.log",
            $"{Workplace.Notes.Length} {Workplace.ArchiveName}.notes",
        ];
        Assert.Equal(expected, SizesAndNames(await lists.Gnu));
        Assert.Equal(expected, SizesAndNames(await lists.Bsd));
    }

    private Process Start(string folder, string program, string[] arguments, bool redirectInput)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            UseShellExecute = false,
            RedirectStandardInput = redirectInput,
            RedirectStandardOutput = true,
        };
        start.Environment["GNUPGHOME"] = key.Gpg.Folder;
        start.Environment["LC_ALL"] = "C.UTF-8";
        return Process.Start(start)!;
    }

    private static async Task<int> EndAsync(Process process)
    {
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return process.ExitCode;
    }

    private static string HashOfStream(TarStream tar)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(tar.Head);
        var zeros = new byte[1 << 20];
        for (var left = tar.ArchiveBytes; left > 0; left -= zeros.Length)
        {
            hash.AppendData(zeros, 0, (int)Math.Min(zeros.Length, left));
        }

        hash.AppendData(tar.Tail);
        return Convert.ToHexString(hash.GetHashAndReset());
    }

    /// <summary>Both lists have the size before the date, and the name at the end.</summary>
    private static IEnumerable<string> SizesAndNames(string list) => ListLine().Matches(list)
        .Select(match => $"{match.Groups["size"].Value} {match.Groups["name"].Value}");

    [GeneratedRegex(@"^-rw-r--r-- .*?root\W+root +(?<size>\d+) .* (?<name>\S+)$", RegexOptions.Multiline)]
    private static partial Regex ListLine();
}
