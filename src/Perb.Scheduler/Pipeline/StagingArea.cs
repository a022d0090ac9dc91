using System.Text.RegularExpressions;
using Perb.Scheduler.Backups;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Store;
using Perb.Transfer.Staging;

namespace Perb.Scheduler.Pipeline;

/// <summary>
/// Where sealed volumes wait for their upload: one folder per remote, since each seals for itself. Bounded, and never allowed to fill
/// the disk that it shares with others.
/// </summary>
public sealed partial class StagingArea(StagingSection options, IReadOnlyList<Remote> remotes, ILogger<StagingArea> logger)
{
    // Links are not followed, and what belongs to others is left alone.
    private static readonly EnumerationOptions Here = new() { IgnoreInaccessible = true, AttributesToSkip = FileAttributes.ReparsePoint };

    private readonly Lock _reserving = new();
    private readonly Dictionary<string, long> _reserved = [];

    public string FolderOf(string remote) => Path.Combine(options.Directory, remote);

    public string PathOf(string remote, string name) => Path.Combine(FolderOf(remote), name);

    /// <summary>Creates what is missing, for this user alone.</summary>
    public void Create()
    {
        foreach (var remote in remotes)
        {
            Directory.CreateDirectory(
                FolderOf(remote.Name), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    /// <exception cref="ConfigurationException">More is to stay free than the file system has: nothing would ever be sealed.</exception>
    public void RequireRoom()
    {
        var total = new DriveInfo(options.Directory).TotalSize;
        if (options.MinFree.Of(total) is var floor && floor >= total)
        {
            throw new ConfigurationException(
                $"Perb:Staging:MinFree keeps {ByteSize.Format(floor)} free, but the file system of {options.Directory} has {ByteSize.Format(total)} "
                + "in all: nothing would ever be sealed; lower it");
        }
    }

    /// <summary>
    /// Removes from a remote's folder what no record speaks of: partials, and files of another life. Only files that bear a name of ours:
    /// whoever configures a directory that has other files in it, archives even, must not lose them.
    /// </summary>
    /// <param name="remote">One that nobody seals for at this moment.</param>
    /// <param name="belonging"><c>remote/name</c> of every file that may stay.</param>
    public void Sweep(string remote, IReadOnlySet<string> belonging)
    {
        foreach (var file in Directory.EnumerateFiles(FolderOf(remote), "*", Here).Where(file => IsLeftOver(file, belonging)))
        {
            File.Delete(file);
            logger.StagingSwept(file);
        }
    }

    /// <summary>Room for one more volume of a remote, until disposed. Each remote has its share, so that none starves another.</summary>
    /// <param name="remote">Whose volume it is.</param>
    /// <param name="bytes">What it takes at most.</param>
    /// <param name="isAhead">Another of the remote is under way: this one may wait, and has to leave room on the disk for the other remotes.</param>
    /// <exception cref="StagingFullException">There is none; the message says what limits.</exception>
    public IDisposable Reserve(string remote, long bytes, bool isAhead)
    {
        lock (_reserving)
        {
            var used = UsedBytes(remote) + _reserved.GetValueOrDefault(remote);
            var share = options.MaxBytes / remotes.Count;
            if (used + bytes > share)
            {
                throw new StagingFullException(
                    $"staging for {remote} holds {ByteSize.Format(used)} and a volume needs {ByteSize.Format(bytes)}: its share of Staging:MaxSize is {ByteSize.Format(share)}; "
                    + "raise that, or lower Encryption:VolumeSize");
            }

            var drive = new DriveInfo(options.Directory);
            var floor = options.MinFree.Of(drive.TotalSize);
            var needed = isAhead ? bytes * remotes.Count : bytes;
            if (drive.AvailableFreeSpace - UnwrittenBytes() - needed < floor)
            {
                throw new StagingFullException(
                    $"{options.Directory} has {ByteSize.Format(drive.AvailableFreeSpace)} free and a volume needs {ByteSize.Format(bytes)}: Staging:MinFree keeps {ByteSize.Format(floor)} free; "
                    + "free space there, put Staging:Directory elsewhere, or lower Encryption:VolumeSize");
            }

            _reserved[remote] = _reserved.GetValueOrDefault(remote) + bytes;
            return new Reservation(this, remote, bytes);
        }
    }

    /// <summary>Whether the sealed file of a record is (still) there, whole by its size.</summary>
    public bool Holds(string remote, VolumeRecord volume) =>
        new FileInfo(PathOf(remote, volume.Name)) is { Exists: true } file && file.Length == volume.SizeBytes;

    public void Delete(string remote, string name) => File.Delete(PathOf(remote, name));

    // What is written of a partial is not free any more, and must not be counted again by its reservation. It may be left over and have none.
    private long UnwrittenBytes() => Math.Max(
        0, _reserved.Values.Sum() - remotes.Where(remote => Directory.Exists(FolderOf(remote.Name))).Sum(remote => BytesIn(remote.Name, arePartial: true)));

    private long UsedBytes(string remote) => BytesIn(remote, arePartial: false); // partials are counted by their reservations

    private long BytesIn(string remote, bool arePartial) => new DirectoryInfo(FolderOf(remote))
        .EnumerateFiles("*", Here)
        .Where(file => file.Name.EndsWith(StagedFile.PartialSuffix, StringComparison.Ordinal) == arePartial)
        .Sum(file => file.Exists ? file.Length : 0); // it may just have been deleted

    private static bool IsLeftOver(string file, IReadOnlySet<string> belonging)
    {
        var name = Path.GetFileName(file);
        return OwnName().IsMatch(name) && !belonging.Contains($"{Path.GetFileName(Path.GetDirectoryName(file))}/{name}");
    }

    [GeneratedRegex(@"\A([0-9]{3,9}-[0-9]{4}(_[0-9]{2}){2}-[0-9]{2}(_[0-9]{2}){2}\.(([0-9]+-of-[0-9]+\.)?enc|sums(\.sig)?)|perb\.json)(\.partial)?\z", RegexOptions.ExplicitCapture)]
    private static partial Regex OwnName();

    private sealed class Reservation(StagingArea area, string remote, long bytes) : IDisposable
    {
        private long _bytes = bytes;

        public void Dispose()
        {
            lock (area._reserving)
            {
                area._reserved[remote] -= _bytes;
                _bytes = 0;
            }
        }
    }
}
