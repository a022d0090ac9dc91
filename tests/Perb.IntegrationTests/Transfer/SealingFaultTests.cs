using System.Diagnostics;
using Perb.Transfer.Sealing;
using Perb.Transfer.Staging;

namespace Perb.IntegrationTests.Transfer;

/// <summary>An archive that does not hold still, a disk that does not take more: an exception, and nothing that looks like a volume.</summary>
public sealed class SealingFaultTests(SharedKey key) : IClassFixture<SharedKey>
{
    private const int ArchiveBytes = 6_000_000;

    private sealed class At(long bytes, Action act) : IProgress<long>
    {
        private bool _done;

        public void Report(long value)
        {
            if (value >= bytes && !_done)
            {
                _done = true;
                act();
            }
        }
    }

    public static TheoryData<string> Changes => ["shrink", "grow", "rewrite", "replace", "replace by a link"];

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task A_source_that_changes_while_it_is_read_leaves_nothing(string change)
    {
        foreach (var packet in Enum.GetValues<PacketKind>())
        {
            using var place = new Workplace(ArchiveBytes);
            await Assert.ThrowsAsync<SourceChangedException>(
                () => SealAsync(place, new At(2_000_000, () => Change(place.Archive, change)), packet: packet));
            place.AssertNothingStaged();
        }
    }

    [Fact]
    public async Task A_source_that_is_removed_while_it_is_read_is_sealed_all_the_same()
    {
        using var place = new Workplace(ArchiveBytes);
        var volume = await SealAsync(place, new At(2_000_000, () => File.Delete(place.Archive)));

        var ended = key.Gpg.Bash($"set -o pipefail; gpg -d {volume.Name} | tar -x -C ../restored", place.Staging);

        Assert.Equal(0, ended.ExitCode);
        place.AssertRestored();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1 << 20)]
    [InlineData(3 << 20)]
    [InlineData(ArchiveBytes)]
    public async Task A_failure_at_any_point_leaves_nothing(int at)
    {
        using var place = new Workplace(ArchiveBytes);
        await Assert.ThrowsAsync<TimeoutException>(() => SealAsync(place, new At(at, () => throw new TimeoutException())));
        place.AssertNothingStaged();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(ArchiveBytes)]
    public async Task Cancelling_leaves_nothing(int at)
    {
        using var place = new Workplace(ArchiveBytes);
        using var cancellation = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => SealAsync(place, new At(at, cancellation.Cancel), cancellationToken: cancellation.Token));
        place.AssertNothingStaged();
    }

    [Fact]
    public async Task An_archive_that_no_longer_fits_the_plan_is_not_begun()
    {
        using var place = new Workplace(ArchiveBytes);
        var plan = place.Plan(key.Recipients, 1 << 30);
        File.SetLastWriteTimeUtc(place.Archive, new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc));
        var exception = await Assert.ThrowsAsync<SourceChangedException>(() => SealAsync(place, null, plan));
        Assert.True(exception.IsTransient);
        place.AssertNothingStaged();
    }

    [Fact]
    public async Task A_partial_of_somebody_else_is_neither_overwritten_nor_deleted()
    {
        using var place = new Workplace(ArchiveBytes);
        var partial = Path.Combine(place.Staging, Workplace.RemoteName + ".enc" + StagedFile.PartialSuffix);
        await File.WriteAllTextAsync(partial, "theirs", TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<IOException>(() => SealAsync(place, null));
        Assert.Equal("theirs", await File.ReadAllTextAsync(partial, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void What_is_not_a_regular_file_is_refused_without_waiting_for_it()
    {
        using var place = new Workplace(1);
        var fifo = Path.Combine(place.Staging, "fifo");
        using (var process = Process.Start(new ProcessStartInfo("mkfifo", [fifo]))!)
        {
            process.WaitForExit();
        }

        var link = Path.Combine(place.Staging, "link");
        File.CreateSymbolicLink(link, place.Archive);
        Assert.All([fifo, link, place.Staging, "/dev/null"], path => Assert.Throws<SourceRefusedException>(() => SourceArchive.Open(path)));
        Assert.All(
            [place.Archive + ".gone", place.Archive + "/below"],
            path => Assert.Throws<SourceMissingException>(() => SourceArchive.Open(path)));
    }

    private async Task<SealedVolume> SealAsync(
        Workplace place,
        IProgress<long>? progress,
        SealingPlan? plan = null,
        PacketKind packet = PacketKind.Mdc,
        CancellationToken? cancellationToken = null)
    {
        plan ??= place.Plan(key.Recipients, 1 << 30, packet);
        using var source = SourceArchive.Open(place.Archive);
        return await new VolumeSealer().SealAsync(
            plan, 1, source, key.Recipients, place.Staging, null, progress, cancellationToken ?? TestContext.Current.CancellationToken);
    }

    private static void Change(string archive, string how)
    {
        switch (how)
        {
            case "shrink":
                using (var file = File.OpenWrite(archive))
                {
                    file.SetLength(3_000_000);
                }

                break;
            case "grow":
                File.AppendAllText(archive, "more");
                break;
            case "rewrite":
                File.WriteAllBytes(archive, new byte[ArchiveBytes]);
                break;
            case "replace":
                File.Delete(archive);
                File.WriteAllBytes(archive, new byte[ArchiveBytes]);
                break;
            default:
                File.Delete(archive);
                File.CreateSymbolicLink(archive, "/dev/null");
                break;
        }
    }
}
