using Perb.Scheduler.Observability;
using Perb.Transfer;
using Perb.Transfer.Decrypting;
using Perb.Transfer.Manifests;
using Perb.Transfer.Rclone;
using Perb.Transfer.Unpacking;

namespace Perb.Scheduler.Restore;

/// <summary>
/// Restores a backup that has a manifest: fetch → compare with the manifest → decrypt → unpack, volume by volume; names are given at the very
/// end. Cut anywhere, it is begun again and goes on after the last volume that was on the disk.
/// </summary>
internal sealed class RestoreBackup(RcloneProgram rclone, RestoreProgress progress, ILogger<RestoreBackup> logger)
{
    /// <returns>The paths of archive, log and notes.</returns>
    /// <exception cref="RestoreException">It cannot be restored; says what was right, and where it is kept.</exception>
    public async Task<IReadOnlyList<string>> ToDirectoryAsync(FoundBackup from, string directory, CancellationToken cancellationToken)
    {
        var read = from.Backup.Read!;
        RequireVolumes(from);
        using var work = WorkDirectory.Open(directory, from.Backup.RemoteName, WorkDirectory.ForFiles);
        using var files = new RestoredFiles(directory, work);
        var kept = work.ReadCheckpoint(read.Sha256);
        var run = new Run(kept?.Volumes ?? 0);
        try
        {
            files.RequireFree(from.Backup.RemoteName);
            if (kept is not null)
            {
                files.Resume(kept);
                logger.RestoreResumed(from.Backup.RemoteName, kept.Volumes, read.Manifest.Volumes.Count);
            }

            await StreamAsync(from, work, run, kept, files, isProvenFirst: false, KeepAsync, read.Manifest.ArchiveBytes - (kept?.WrittenBytes ?? 0), cancellationToken);
            var paths = await files.PlaceAsync(archiveAlone: false, cancellationToken);
            work.Delete();
            return paths;
        }
        catch (Exception exception) when (exception is VolumeException or EncryptionException)
        {
            if ((Int128)run.GoodVolumes * read.Manifest.VolumeBytes >= EndOfArchive(read.Manifest) && files.ArchiveIsWritten)
            {
                var saved = await files.PlaceAsync(archiveAlone: true, CancellationToken.None);
                work.Delete();
                throw new RestoreException($"{exception.Message}; the archive itself is whole and stands in {saved[0]}, its log or notes are lost");
            }

            throw Cannot(from, work, run, exception);
        }
        finally
        {
            if (Directory.Exists(work.Path) && !work.IsWorthKeeping)
            {
                work.Delete();
            }
        }

        // What is in the archive so far is on the disk before anything says so; then its volume is not needed any more.
        async Task<bool> KeepAsync(int volumes, CancellationToken token)
        {
            if (files.Unfinished is not var (entry, writtenBytes))
            {
                return false;
            }

            await files.SyncArchiveAsync(token);
            var checkpoint = new Checkpoint(read.Sha256, volumes, entry.Name, entry.SizeBytes, entry.ModifiedAt, writtenBytes);
            await work.WriteCheckpointAsync(checkpoint, token);
            return true;
        }
    }

    /// <summary>The archive's bytes alone. By the time that damage is noticed whoever reads has got some; then this ends with an exception.</summary>
    /// <exception cref="RestoreException">It cannot be restored.</exception>
    public async Task ToOutputAsync(FoundBackup from, Stream output, string directory, CancellationToken cancellationToken)
    {
        RequireVolumes(from);
        using var work = WorkDirectory.Open(directory, from.Backup.RemoteName, WorkDirectory.ForOutput);
        var target = new StandardOutput(output);
        var run = new Run(0);
        try
        {
            await StreamAsync(from, work, run, null, target, isProvenFirst: true, (_, _) => Task.FromResult(true), 0, cancellationToken);
        }
        catch (Exception exception) when (exception is VolumeException or EncryptionException)
        {
            var manifest = from.Backup.Read!.Manifest;
            throw (Int128)run.GoodVolumes * manifest.VolumeBytes >= EndOfArchive(manifest) && target.ArchiveIsWritten
                ? new RestoreException($"{exception.Message}; the archive itself was written whole, its log or notes are lost")
                : Cannot(from, null, run, exception);
        }
        finally
        {
            work.Delete();
        }
    }

    private async Task StreamAsync(
        FoundBackup from,
        WorkDirectory work,
        Run run,
        Checkpoint? kept,
        IRestoreTarget target,
        bool isProvenFirst,
        Func<int, CancellationToken, Task<bool>> keep,
        long archiveBytes,
        CancellationToken cancellationToken)
    {
        var manifest = from.Backup.Read!.Manifest;
        var slots = SpaceFor(from, work, archiveBytes).VolumesAtOnce(work.Path, new DriveInfo(work.Path).AvailableFreeSpace);
        progress.Begin(manifest.RemoteName, manifest.ArchiveBytes);
        await using var supply = new VolumeSupply(from, run.GoodVolumes + 1, slots, work, rclone, progress, isProvenFirst, logger, cancellationToken);
        await using var stream = new DecryptedVolumes(manifest, supply, async (volume, token) =>
        {
            run.GoodVolumes = volume.Number;
            supply.Done(volume, isNeeded: !await keep(volume.Number, token));
        });
        var tar = kept is null
            ? new TarEntries(stream, isOurs: true)
            : new TarEntries(stream, isOurs: true, new TarEntry(kept.Archive, kept.SizeBytes, kept.ModifiedAt), kept.SizeBytes - kept.WrittenBytes);
        try
        {
            await new Unpack(new BackupEntries(manifest.RemoteName, isOurs: true), target, progress).RunAsync(
                tar, kept, archive => RequireArchiveOf(manifest, archive), cancellationToken);
        }
        catch (Exception exception) when (exception is VolumeException or EncryptionException)
        {
            // What gpg or the tar says of bytes that are not the manifest's says nothing of the key, or of who made them.
            throw await stream.FaultAsync(cancellationToken) ?? exception;
        }
    }

    private static RestoreSpace SpaceFor(FoundBackup from, WorkDirectory work, long archiveBytes)
    {
        if (from.Place.LocalDirectory is not null)
        {
            return new RestoreSpace(archiveBytes, 0, 0);
        }

        var volumes = from.Backup.Read!.Manifest.Volumes;
        return new RestoreSpace(
            archiveBytes,
            volumes.Max(volume => volume.SizeBytes),
            volumes.Sum(volume => new FileInfo(work.FileOf(volume.Name)) is { Exists: true } file ? file.Length : 0));
    }

    // What the listing shows already is said before hours of fetching. Volumes behind the archive do not stop it: what can be saved is saved.
    private static void RequireVolumes(FoundBackup from)
    {
        var manifest = from.Backup.Read!.Manifest;
        if (from.Backup.VolumeFaults.Any(fault => (Int128)(fault.Number - 1) * manifest.VolumeBytes < EndOfArchive(manifest)))
        {
            throw new RestoreException(
                $"{from.Backup.FaultInWords}: {from.Backup.RemoteName} on {from.Place.Name} cannot be restored{OfOthers(from)}");
        }
    }

    private static void RequireArchiveOf(Manifest manifest, TarEntry archive)
    {
        if (archive.SizeBytes != manifest.ArchiveBytes
            || archive.ModifiedAt.ToUnixTimeSeconds() != Math.Max(0, manifest.ArchiveModifiedAt.ToUnixTimeSeconds()))
        {
            throw new TarException(
                $"the tar holds an archive of {archive.SizeBytes} bytes of {archive.ModifiedAt:u}, "
                + $"its manifest says {manifest.ArchiveBytes} of {manifest.ArchiveModifiedAt:u}");
        }
    }

    private static RestoreException Cannot(FoundBackup from, WorkDirectory? work, Run run, Exception exception)
    {
        if (exception is DecryptionException { KeyIsMissing: true })
        {
            return new RestoreException(exception.Message);
        }

        var kept = work is { IsWorthKeeping: true } ? $" and what was in them is kept in {work.Path} for another try" : "";
        var good = run.GoodVolumes > 0 ? $"; volumes 1 to {run.GoodVolumes} of {from.Backup.Read!.Manifest.Volumes.Count} were right{kept}" : "";
        return new RestoreException(
            $"{exception.Message}: {from.Backup.RemoteName} on {from.Place.Name} cannot be restored{good}{OfOthers(from)}");
    }

    private static string OfOthers(FoundBackup from) =>
        $"; other backups of guest {from.Backup.Set.Guest}: perb list --remote-only --guest {from.Backup.Set.Guest}";

    /// <summary>Where in the tar stream the archive's last byte is: its header has a pax record from 8 GiB on (docs/FORMAT.md, 2).</summary>
    private static Int128 EndOfArchive(Manifest manifest) => (Int128)manifest.ArchiveBytes + (manifest.ArchiveBytes >= 8L << 30 ? 3 * 512 : 512);

    private sealed class Run(int goodVolumes)
    {
        /// <summary>So many from the first on were decrypted whole.</summary>
        public int GoodVolumes { get; set; } = goodVolumes;
    }
}
