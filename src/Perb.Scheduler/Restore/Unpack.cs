using System.Buffers;
using Perb.Transfer.Unpacking;

namespace Perb.Scheduler.Restore;

/// <summary>Carries what is in a backup's tar to where it belongs.</summary>
internal sealed class Unpack(BackupEntries entries, IRestoreTarget target, RestoreProgress progress)
{
    private const int BlockBytes = 1 << 20;
    private const long LargestCompanionBytes = 64 << 20;

    /// <summary>Reads to the end of the tar.</summary>
    /// <param name="tar">At its beginning, or within the archive.</param>
    /// <param name="kept">Not null: within that archive, after so many bytes.</param>
    /// <param name="require">Is asked about the archive before anything of it is written.</param>
    /// <param name="cancellationToken">Stops between blocks.</param>
    /// <exception cref="TarException">The tar is damaged, or holds what does not belong to the backup.</exception>
    public async Task RunAsync(TarEntries tar, Checkpoint? kept, Action<TarEntry> require, CancellationToken cancellationToken)
    {
        if (kept is not null)
        {
            var archive = new TarEntry(kept.Archive, kept.SizeBytes, kept.ModifiedAt);
            entries.IsArchive(archive);
            require(archive);
            await CopyAsync(tar, isArchive: true, kept.WrittenBytes, cancellationToken);
        }

        while (await tar.NextAsync(cancellationToken) is { } entry)
        {
            var isArchive = entries.IsArchive(entry);
            if (isArchive)
            {
                require(entry);
            }
            else if (entry.SizeBytes > LargestCompanionBytes)
            {
                throw new TarException($"the tar holds {entry.Name} of {entry.SizeBytes} bytes");
            }

            await target.BeginAsync(entry, isArchive, cancellationToken);
            await CopyAsync(tar, isArchive, 0, cancellationToken);
        }
    }

    private async Task CopyAsync(TarEntries tar, bool isArchive, long doneBytes, CancellationToken cancellationToken)
    {
        var block = ArrayPool<byte>.Shared.Rent(BlockBytes);
        try
        {
            int count;
            while ((count = await tar.ReadAsync(block.AsMemory(0, BlockBytes), cancellationToken)) > 0)
            {
                await target.WriteAsync(block.AsMemory(0, count), cancellationToken);
                doneBytes += count;
                if (isArchive)
                {
                    progress.Restored(doneBytes);
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }

        await target.EndAsync(cancellationToken);
    }
}
