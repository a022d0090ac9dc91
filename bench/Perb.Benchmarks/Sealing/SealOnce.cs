using System.Globalization;
using Perb.Transfer.Hashing;
using Perb.Transfer.Keys;
using Perb.Transfer.Sealing;

namespace Perb.Benchmarks.Sealing;

/// <summary>What a contender process of Perb is told to do.</summary>
internal sealed record SealOrder(FileInfo Source, DirectoryInfo Output, FileInfo Key, PacketKind Packet, int Sealers, HashKind? AlsoHash, bool Discard);

/// <summary>
/// Seals one archive as the service does, in a process of its own, so that its CPU time and memory can be told from all others'.
/// </summary>
internal static class SealOnce
{
    // Two sealers need something to share; the service's volumes of 1 GiB would be one.
    private const int Volumes = 4;
    private const long LargestVolumeBytes = 1 << 30;

    public static async Task RunAsync(SealOrder order, CancellationToken cancellationToken)
    {
        var recipients = RecipientKeys.Load([order.Key.FullName], TimeProvider.System.GetUtcNow(), new HashSet<string>());
        using var source = SourceArchive.Open(order.Source.FullName);
        var tar = TarStream.For(source.Name, source.SizeBytes, source.ModifiedAt, log: null, notes: null);
        var plan = new SealingPlan
        {
            RemoteName = "100-2026_11_20-02_00_01",
            ArchiveName = source.Name,
            ArchiveBytes = source.SizeBytes,
            ArchiveModifiedAt = source.ModifiedAt,
            Tar = tar,
            VolumeBytes = Math.Min(LargestVolumeBytes, (tar.TotalBytes + Volumes - 1) / Volumes),
            Packet = order.Packet,
            HideRecipients = false,
            RecipientFingerprints = [.. recipients.Select(recipient => recipient.SubkeyFingerprint)],
        };

        var sealer = new VolumeSealer();
        await Parallel.ForEachAsync(
            Enumerable.Range(1, plan.VolumeCount),
            new ParallelOptions { MaxDegreeOfParallelism = order.Sealers, CancellationToken = cancellationToken },
            async (number, token) =>
            {
                var volume = await sealer.SealAsync(
                    plan, number, source, recipients, order.Output.FullName, order.AlsoHash, progress: null, token);
                if (order.Discard)
                {
                    File.Delete(volume.Path); // as after its upload
                }
            });
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{plan.VolumeCount} volumes"));
    }
}
