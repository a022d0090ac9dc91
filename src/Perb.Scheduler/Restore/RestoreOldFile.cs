using System.Buffers;
using System.IO.Compression;
using Perb.Scheduler.Backups;
using Perb.Scheduler.Observability;
using Perb.Transfer;
using Perb.Transfer.Decrypting;
using Perb.Transfer.Rclone;
using Perb.Transfer.Unpacking;

namespace Perb.Scheduler.Restore;

/// <summary>
/// Restores a file of PERB, which has no manifest: one OpenPGP message, in which nothing but gpg's own check tells whether it is right and
/// nothing at all who made it.
/// </summary>
internal sealed class RestoreOldFile(RcloneProgram rclone, RestoreProgress progress, TimeZoneInfo zone, ILogger<RestoreOldFile> logger)
{
    private const int BlockBytes = 1 << 20;

    /// <returns>The paths of archive and log.</returns>
    /// <exception cref="RestoreException">It cannot be restored.</exception>
    public async Task<IReadOnlyList<string>> ToDirectoryAsync(FoundBackup from, string directory, CancellationToken cancellationToken)
    {
        using var work = WorkDirectory.Open(directory, from.Backup.RemoteName, WorkDirectory.ForFiles);
        using var files = new RestoredFiles(directory, work);
        try
        {
            files.RequireFree(from.Backup.RemoteName);
            await StreamAsync(from, work, files, SizeOf(from), cancellationToken);
            var paths = await files.PlaceAsync(archiveAlone: false, cancellationToken);
            work.Delete();
            return paths;
        }
        catch (EncryptionException exception)
        {
            // Nothing but gpg tells whether it arrived right, and a damaged head looks like one for another key: fetched anew the next time.
            File.Delete(work.FileOf(from.Backup.Set.OldFile!));
            throw Cannot(from, exception);
        }
        finally
        {
            if (Directory.Exists(work.Path) && !work.IsWorthKeeping)
            {
                work.Delete();
            }
        }
    }

    /// <inheritdoc cref="RestoreBackup.ToOutputAsync"/>
    public async Task ToOutputAsync(FoundBackup from, Stream output, string directory, CancellationToken cancellationToken)
    {
        using var work = WorkDirectory.Open(directory, from.Backup.RemoteName, WorkDirectory.ForOutput);
        try
        {
            await StreamAsync(from, work, new StandardOutput(output), 0, cancellationToken);
        }
        catch (EncryptionException exception)
        {
            throw Cannot(from, exception);
        }
        finally
        {
            work.Delete();
        }
    }

    private async Task StreamAsync(
        FoundBackup from, WorkDirectory work, IRestoreTarget target, long archiveBytes, CancellationToken cancellationToken)
    {
        var (name, remoteName) = (from.Backup.Set.OldFile!, from.Backup.RemoteName);
        logger.RestoreWithoutManifest(name, from.Place.Name);
        progress.Begin(remoteName, 0);
        var file = await FetchAsync(from, name, work, archiveBytes, cancellationToken);
        await using var gpg = GpgDecryption.Start(file, feed: null, cancellationToken);
        var content = await PeekedStream.OpenAsync(gpg.Content, OldContent.HeadBytes, cancellationToken);
        if (OldContent.Of(name, remoteName, content.Head.Span) is not { } kind)
        {
            if (content.Head.Length < OldContent.HeadBytes)
            {
                await gpg.FinishAsync(cancellationToken); // its word goes first: no key, or damaged
            }

            throw new RestoreException($"{name} holds neither a tar of {remoteName} nor its archive: it is not a file of PERB");
        }

        if (kind.ArchiveName is { } archiveName)
        {
            await CopyAsync(new TarEntry(archiveName, -1, NodeClock.ToInstant(from.Backup.Set.LocalTime, zone)), content, target, cancellationToken);
        }
        else
        {
            await using var unzipped = kind.IsGzipped ? new GZipStream(content, CompressionMode.Decompress) : (Stream)content;
            await UnpackAsync(remoteName, unzipped, target, cancellationToken);
            await content.CopyToAsync(Stream.Null, cancellationToken); // what is behind it counts for gpg's check, too
        }

        await gpg.FinishAsync(cancellationToken);
    }

    private async Task UnpackAsync(string remoteName, Stream tar, IRestoreTarget target, CancellationToken cancellationToken)
    {
        try
        {
            await new Unpack(new BackupEntries(remoteName, isOurs: false), target, progress).RunAsync(
                new TarEntries(tar, isOurs: false), null, _ => { }, cancellationToken);
        }
        catch (InvalidDataException exception)
        {
            throw new TarException($"what gzip compressed is damaged: {exception.Message}");
        }
    }

    private async Task CopyAsync(TarEntry archive, Stream content, IRestoreTarget target, CancellationToken cancellationToken)
    {
        await target.BeginAsync(archive, isArchive: true, cancellationToken);
        var block = ArrayPool<byte>.Shared.Rent(BlockBytes);
        try
        {
            var done = 0L;
            for (int count; (count = await content.ReadAsync(block.AsMemory(0, BlockBytes), cancellationToken)) > 0; progress.Restored(done += count))
            {
                await target.WriteAsync(block.AsMemory(0, count), cancellationToken);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }

        await target.EndAsync(cancellationToken);
    }

    private async Task<string> FetchAsync(FoundBackup from, string name, WorkDirectory work, long archiveBytes, CancellationToken cancellationToken)
    {
        var drive = new DriveInfo(work.Path);
        if (from.Place.LocalDirectory is { } directory)
        {
            new RestoreSpace(archiveBytes, 0, 0).VolumesAtOnce(work.Path, drive.AvailableFreeSpace);
            return Path.Combine(directory, name);
        }

        var (file, size) = (work.FileOf(name), SizeOf(from));
        if (work.Fetcher is { } survivor)
        {
            await rclone.EndSurvivorAsync(survivor, cancellationToken);
        }

        if (new FileInfo(file) is { Exists: true } kept && kept.Length == size)
        {
            return file;
        }

        File.Delete(file);
        new RestoreSpace(archiveBytes, size, 0).VolumesAtOnce(work.Path, drive.AvailableFreeSpace);
        await rclone.CopyFromAsync(
            from.Place.Path.Join(name),
            file,
            size < 0 ? long.MaxValue : size + 1,
            progress.Fetching(1, 1),
            started: fetcher =>
            {
                work.Fetcher = fetcher;
                return Task.CompletedTask;
            },
            cancellationToken);
        progress.FetchingEnded();
        var arrived = new FileInfo(file).Length;
        return arrived == size || size < 0
            ? file
            : throw new RestoreException($"{from.Place.Path.Join(name)} did not arrive whole: it has {arrived} bytes instead of {size}");
    }

    private static long SizeOf(FoundBackup from) => from.Backup.Set.Sizes[from.Backup.Set.OldFile!];

    private static RestoreException Cannot(FoundBackup from, EncryptionException exception) => new(
        exception is DecryptionException { KeyIsMissing: true }
            ? exception.Message
            : $"{exception.Message}: {from.Backup.RemoteName} on {from.Place.Name} cannot be restored");
}
