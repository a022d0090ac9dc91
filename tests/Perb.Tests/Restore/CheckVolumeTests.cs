using Perb.Scheduler.Restore;
using Perb.Tests.Store;
using Perb.Transfer.Hashing;
using Perb.Transfer.Manifests;

namespace Perb.Tests.Restore;

public sealed class CheckVolumeTests
{
    /// <summary>Reads of its beginning fail with EIO: nothing is mapped there.</summary>
    private const string BadDisk = "/proc/self/mem";

    [Fact]
    public async Task A_volume_that_the_disk_cannot_read_is_a_fault_of_the_volume()
    {
        var volume = new ManifestVolume("v.enc", 0, Digests.Of([], also: null));

        var fault = await CheckVolume.FaultOfAsync(BadDisk, volume, into: null, TestStore.Stop);

        Assert.StartsWith("cannot be read: Input/output error", fault, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reader_that_went_away_is_no_fault_of_the_volume()
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllBytesAsync(file, [1], TestStore.Stop);
            var volume = new ManifestVolume("v.enc", 1, Digests.Of([1], also: null));

            Assert.Null(await CheckVolume.FaultOfAsync(file, volume, Stream.Null, TestStore.Stop));
            await Assert.ThrowsAsync<IOException>(() => CheckVolume.FaultOfAsync(file, volume, new GoneReader(), TestStore.Stop));
        }
        finally
        {
            File.Delete(file);
        }
    }

    private sealed class GoneReader : MemoryStream
    {
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            ValueTask.FromException(new IOException("Broken pipe"));
    }
}
