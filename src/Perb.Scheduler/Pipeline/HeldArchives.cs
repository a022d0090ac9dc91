using Perb.Scheduler.Configuration;
using Perb.Scheduler.Discovery;
using Perb.Scheduler.Observability;
using Perb.Transfer;
using Perb.Transfer.Posix;
using Perb.Transfer.Sealing;

namespace Perb.Scheduler.Pipeline;

/// <summary>
/// Open descriptors of the archives that wait to be sealed: a local file system keeps what was removed until it is closed, so a prune by
/// vzdump costs nothing. What must hold:
/// <list type="bullet">
/// <item>A disk is never filled by it: below its floor of free space removed archives are given up, the oldest first.</item>
/// <item>On network file systems nothing is held: NFS would leave hidden files behind after a crash, and a server of CIFS may refuse the
/// removal, which vzdump takes for a failed backup.</item>
/// <item>Opened is only what was listed a moment ago, never under the lock: a dead mount holds up no worker.</item>
/// </list>
/// </summary>
public sealed class HeldArchives(StagingSection staging, TimeProvider time, ILogger<HeldArchives> logger) : IDisposable
{
    private readonly TimedLook _look = new(TimeSpan.FromSeconds(20), time);
    private readonly Lock _lock = new();
    private readonly Dictionary<ArchiveFile, HeldArchive> _held = [];
    private bool _isFull;

    /// <summary>Three descriptors each, and most of those that this process may have are for others.</summary>
    internal int Most { get; init; } = (int)Math.Min(1_000, OpenFiles.Limit / 8);

    /// <summary>What a folder lies on; a test has no network file system.</summary>
    internal Func<string, DriveType> KindOf { get; init; } = folder => new DriveInfo(folder).DriveType;

    /// <summary>Opens by name; a test can make it hang.</summary>
    internal Func<string, SourceArchive> OpenAt { get; init; } = SourceArchive.Open;

    public IReadOnlyCollection<ArchiveFile> Files
    {
        get
        {
            lock (_lock)
            {
                return [.. _held.Keys];
            }
        }
    }

    /// <summary>Holds these, and what companions they have by now. For discovery alone, one call after another.</summary>
    /// <param name="listed">What was just listed and is not sealed.</param>
    /// <param name="cancellationToken">Stops before anything is opened.</param>
    public async Task HoldAsync(IReadOnlyCollection<FoundArchive> listed, CancellationToken cancellationToken)
    {
        var local = new HashSet<string>(StringComparer.Ordinal);
        foreach (var folder in listed.Select(FolderOf).Distinct())
        {
            if (await IsLocalAsync(folder, cancellationToken))
            {
                local.Add(folder);
            }
        }

        var files = Files.ToHashSet();
        var isFull = false;
        foreach (var archive in listed.Where(archive => local.Contains(FolderOf(archive))).OrderByDescending(archive => archive.Time))
        {
            if (files.Contains(archive.File) || (files.Count < Most && TryAdd(archive)))
            {
                files.Add(archive.File);
                HoldCompanions(archive);
            }
            else
            {
                isFull |= files.Count >= Most;
            }
        }

        SayOnce(isFull);
    }

    /// <summary>What was removed since it was listed, but can still be sealed: as if it were still there. Nobody adds a log to it any more.</summary>
    public IReadOnlyList<FoundArchive> RemovedSince(Listing listing)
    {
        var paths = listing.Archives.Select(archive => archive.Path).ToHashSet(StringComparer.Ordinal);
        lock (_lock)
        {
            return [.. _held.Values
                .Select(held => held.Archive)
                .Where(archive => archive.Storage is { } storage && listing.StoragesSpokenFor.Contains(storage) && !paths.Contains(archive.Path))
                .Select(archive => archive with { IsSettled = true })];
        }
    }

    public bool Holds(ArchiveFile file)
    {
        lock (_lock)
        {
            return _held.ContainsKey(file);
        }
    }

    /// <summary>What has a name now, held or not, without waiting for ever for a mount whose server is gone.</summary>
    /// <exception cref="SourceMissingException">Nothing has it.</exception>
    /// <exception cref="TimeoutException">What it lies on does not answer.</exception>
    public Task<SourceArchive> OpenAsync(string path, CancellationToken cancellationToken) =>
        _look.AtAsync(Path.GetDirectoryName(path)!, () => OpenAt(path), cancellationToken);

    /// <summary>For a user of its own, whatever has the name by now; null where it is not held.</summary>
    public SourceArchive? TryOpen(ArchiveFile file)
    {
        lock (_lock)
        {
            return _held.GetValueOrDefault(file)?.Source.Duplicate(byAnyName: true);
        }
    }

    /// <inheritdoc cref="TryOpen(ArchiveFile)"/>
    public SourceArchive? TryOpenCompanion(ArchiveFile file, string path)
    {
        lock (_lock)
        {
            return _held.GetValueOrDefault(file)?.CompanionAt(path)?.Duplicate(byAnyName: true);
        }
    }

    public void Release(IEnumerable<ArchiveFile> files)
    {
        lock (_lock)
        {
            foreach (var file in files)
            {
                if (_held.Remove(file, out var held))
                {
                    held.Dispose();
                }
            }
        }
    }

    /// <summary>Only what was removed takes space; what was just released is counted as free, which it soon is.</summary>
    public void ReleaseBelowFloor()
    {
        var released = new Dictionary<string, long>(StringComparer.Ordinal);
        lock (_lock)
        {
            foreach (var held in _held.Values.Where(held => held.Source.IsRemoved).OrderBy(held => held.Archive.Time).ToList())
            {
                var folder = FolderOf(held.Archive);
                var drive = DriveOf(folder);
                var (free, floor) = (drive.AvailableFreeSpace, staging.MinFree.Of(drive.TotalSize));
                if (free + released.GetValueOrDefault(folder) >= floor)
                {
                    continue;
                }

                released[folder] = released.GetValueOrDefault(folder) + held.Archive.SizeBytes;
                _held.Remove(held.Archive.File);
                held.Dispose();
                logger.HeldArchiveReleased(
                    held.Archive.Path, ByteSize.Format(held.Archive.SizeBytes), ByteSize.Format(free), ByteSize.Format(floor));
            }
        }
    }

    public void Dispose() => Release(Files);

    private bool TryAdd(FoundArchive archive)
    {
        if (TryOpen(archive.Path) is not { } source)
        {
            return false;
        }

        if (source.SizeBytes != archive.SizeBytes || source.ModifiedAt != archive.ModifiedAt)
        {
            source.Dispose();
            return false;
        }

        lock (_lock)
        {
            _held.Add(archive.File, new HeldArchive(archive, source));
            return true;
        }
    }

    private void HoldCompanions(FoundArchive archive)
    {
        string[] names = [archive.Name.LogName, archive.Name.NotesName];
        var companions = names.Select(name => TryOpen(Path.Combine(FolderOf(archive), name))).OfType<SourceArchive>().ToList();
        lock (_lock)
        {
            if (_held.TryGetValue(archive.File, out var held))
            {
                held.Renew(companions);
            }
            else
            {
                companions.ForEach(companion => companion.Dispose()); // it was released meanwhile
            }
        }
    }

    private void SayOnce(bool isFull)
    {
        if (isFull && !_isFull)
        {
            logger.TooManyToHold(Most);
        }

        _isFull = isFull;
    }

    // What cannot be opened is not held; whoever seals it says why.
    private static SourceArchive? TryOpen(string path)
    {
        try
        {
            return SourceArchive.Open(path);
        }
        catch (Exception exception) when (exception is EncryptionException or IOException)
        {
            return null;
        }
    }

    // A folder that was removed with its archives still takes their space where it was.
    private static DriveInfo DriveOf(string folder) =>
        Directory.Exists(folder) || Path.GetDirectoryName(folder) is not { } parent ? new DriveInfo(folder) : DriveOf(parent);

    private static string FolderOf(FoundArchive archive) => Path.GetDirectoryName(archive.Path)!;

    private async Task<bool> IsLocalAsync(string folder, CancellationToken cancellationToken)
    {
        try
        {
            return await _look.AtAsync(folder, () => KindOf(folder), cancellationToken) is DriveType.Fixed or DriveType.Removable or DriveType.Ram;
        }
        catch (TimeoutException)
        {
            return false; // no local disk takes so long
        }
    }
}
