using Perb.Transfer.Hashing;
using Perb.Transfer.Posix;

namespace Perb.Transfer.Rclone;

/// <summary>
/// A file of a remote that is a directory of this machine, read where it lies. To report its hash rclone could do no more, and one as old as
/// Debian 12's does it without the processor's own instructions, in four times the time.
/// </summary>
internal static class LocalCopy
{
    private const int BlockBytes = 1 << 20;

    /// <param name="root">What rclone says that the remote's directory is; null: it is none of this machine.</param>
    /// <param name="name">The file's.</param>
    /// <param name="sizeBytes">What it must have.</param>
    /// <param name="stall">How long a look may take.</param>
    /// <param name="time">Measures that.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>Its path; null where no regular file of that size is there: a remote around another (hasher) may name a root that is not a path here.</returns>
    public static async Task<string?> FindAsync(
        string? root, string name, long sizeBytes, TimeSpan stall, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            return root is not null && Path.Combine(root, name) is var file
                && await Task.Run(() => FileFacts.At(file), CancellationToken.None).WaitAsync(stall, time, cancellationToken) is { IsRegularFile: true } facts
                && facts.SizeBytes == sizeBytes
                    ? file
                    : null;
        }
        catch (Exception exception) when (exception is IOException or TimeoutException)
        {
            return null;
        }
    }

    /// <param name="file">Its path here.</param>
    /// <param name="kind">Of hash.</param>
    /// <param name="sizeBytes">What it must have; where it has more, the hash is another.</param>
    /// <param name="stall">How long one read may take: a dead mount lets nobody go.</param>
    /// <param name="time">Measures that.</param>
    /// <param name="cancellationToken">Stops between blocks.</param>
    /// <returns>Lower-case hexadecimal.</returns>
    /// <exception cref="RcloneException">It cannot be read.</exception>
    public static async Task<string> HashAsync(
        string file, HashKind kind, long sizeBytes, TimeSpan stall, TimeProvider time, CancellationToken cancellationToken)
    {
        using var hash = RunningHash.Of(kind);
        var block = new byte[BlockBytes]; // not of a pool: a read that hangs in the kernel may still write into it when everybody has left
        try
        {
            using var handle = await InTimeAsync(() => File.OpenHandle(file, options: FileOptions.SequentialScan));
            int count;
            for (var at = 0L; at <= sizeBytes && (count = await InTimeAsync(() => RandomAccess.Read(handle, block, at))) > 0; at += count)
            {
                hash.Append(block.AsSpan(0, count));
            }

            return hash.Finish();
        }
        catch (TimeoutException exception)
        {
            throw Unread(RcloneFailure.Stalled, $"{file} does not answer for {stall} (Rclone:StallTimeout): is its mount dead?", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Unread(
                exception is IOException ? RcloneFailure.Temporary : RcloneFailure.NoRetry, $"{file} cannot be read back: {exception.Message}", exception);
        }

        Task<T> InTimeAsync<T>(Func<T> look) => Task.Run(look, CancellationToken.None).WaitAsync(stall, time, cancellationToken);
    }

    private static RcloneException Unread(RcloneFailure kind, string message, Exception cause) =>
        new(kind, Printable.Clean(message, 1000), exitCode: null, lastLines: "", cause);
}
