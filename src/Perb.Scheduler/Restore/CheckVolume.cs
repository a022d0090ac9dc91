using System.Buffers;
using Perb.Transfer.Hashing;
using Perb.Transfer.Manifests;
using Perb.Transfer.Posix;

namespace Perb.Scheduler.Restore;

/// <summary>Compares a volume's file with its manifest, size first.</summary>
internal static class CheckVolume
{
    private const int BlockBytes = 1 << 20;

    /// <summary>As below, without reading it.</summary>
    public static string? SizeFaultOf(string file, ManifestVolume volume) => FileFacts.At(file) switch
    {
        null => "is missing",
        { SizeBytes: var size } when size != volume.SizeBytes => $"has {size} bytes where its manifest says {volume.SizeBytes}",
        _ => null,
    };

    /// <param name="file">It.</param>
    /// <param name="volume">What it must be.</param>
    /// <param name="into">Gets the very bytes that are compared; null: nobody.</param>
    /// <param name="cancellationToken">Stops between blocks.</param>
    /// <returns>Null: it is right. Else what is wrong; follows its name.</returns>
    /// <exception cref="IOException">Nobody reads what it gives.</exception>
    public static async Task<string?> FaultOfAsync(string file, ManifestVolume volume, Stream? into, CancellationToken cancellationToken)
    {
        if (SizeFaultOf(file, volume) is { } missing)
        {
            return missing;
        }

        using var pass = new DigestPass(also: null);
        var block = ArrayPool<byte>.Shared.Rent(BlockBytes);
        try
        {
            await using var stream = Open(file);
            while (await ReadAsync(stream, block, cancellationToken) is > 0 and var count)
            {
                pass.Append(block.AsSpan(0, count));
                if (into is not null)
                {
                    await into.WriteAsync(block.AsMemory(0, count), cancellationToken);
                }
            }
        }
        catch (UnreadableException exception)
        {
            // A bad block is a fault of this volume like any other: what stands before it can be saved.
            return $"cannot be read: {exception.Message}";
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }

        return FaultOf(pass.Finish(), volume);
    }

    /// <summary>Of bytes that were hashed on their way.</summary>
    public static string? FaultOf(Digests digests, ManifestVolume volume) =>
        digests.Sha256 == volume.Digests.Sha256 ? null : "has other content than its manifest says (SHA-256)";

    private static FileStream Open(string file)
    {
        try
        {
            return new FileStream(file, new FileStreamOptions
            {
                Access = FileAccess.Read,
                Share = FileShare.ReadWrite,
                BufferSize = 0,
                Options = FileOptions.SequentialScan,
            });
        }
        catch (IOException exception)
        {
            throw new UnreadableException(exception);
        }
    }

    private static async Task<int> ReadAsync(FileStream stream, byte[] block, CancellationToken cancellationToken)
    {
        try
        {
            return await stream.ReadAsync(block, cancellationToken);
        }
        catch (IOException exception)
        {
            throw new UnreadableException(exception);
        }
    }

    /// <summary>Told from a fault of whoever gets the bytes.</summary>
    private sealed class UnreadableException(IOException cause) : Exception(cause.Message, cause);
}
