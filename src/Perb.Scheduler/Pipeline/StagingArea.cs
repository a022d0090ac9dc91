using System.Text.RegularExpressions;
using Perb.Scheduler.Backups;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Store;

namespace Perb.Scheduler.Pipeline;

/// <summary>
/// Where sealed volumes wait for their upload: one folder per remote, since each seals for itself. Bounded, and never allowed to fill
/// the disk that it shares with others.
/// </summary>
public sealed partial class StagingArea(StagingSection options, ILogger<StagingArea> logger)
{
    // lost+found of a file system of its own belongs to root.
    private static readonly EnumerationOptions Here = new() { IgnoreInaccessible = true, AttributesToSkip = FileAttributes.ReparsePoint };
    private static readonly EnumerationOptions Below = new() { IgnoreInaccessible = true, AttributesToSkip = FileAttributes.ReparsePoint, RecurseSubdirectories = true };

    private readonly Lock _reserving = new();
    private long _reserved;

    public string FolderOf(string remote) => Path.Combine(options.Directory, remote);

    public string PathOf(string remote, string name) => Path.Combine(FolderOf(remote), name);

    /// <summary>Creates what is missing, for this user alone, and removes what no record speaks of: partials, and files of another life.
    /// Only files that bear a name of ours: whoever configures a directory that has other files in it, archives even, must not lose them.</summary>
    /// <param name="belonging"><c>remote/name</c> of every file that may stay.</param>
    /// <param name="remotes">The configured remotes.</param>
    public void Open(IReadOnlySet<string> belonging, IEnumerable<string> remotes)
    {
        const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        Directory.CreateDirectory(options.Directory, Private);
        foreach (var remote in remotes)
        {
            Directory.CreateDirectory(FolderOf(remote), Private);
        }

        foreach (var folder in Directory.EnumerateDirectories(options.Directory, "*", Here))
        {
            foreach (var file in Directory.EnumerateFiles(folder, "*", Here).Where(file => IsLeftOver(file, belonging)))
            {
                File.Delete(file);
                logger.StagingSwept(file);
            }
        }
    }

    /// <summary>Room for one more volume, until disposed.</summary>
    /// <exception cref="StagingFullException">There is none; the message says what limits.</exception>
    public IDisposable Reserve(long bytes)
    {
        lock (_reserving)
        {
            var used = UsedBytes();
            if (used + _reserved + bytes > options.MaxBytes)
            {
                throw new StagingFullException(
                    $"staging holds {ByteSize.Format(used + _reserved)} and a volume needs {ByteSize.Format(bytes)}: Staging:MaxSize is {ByteSize.Format(options.MaxBytes)}");
            }

            var drive = new DriveInfo(options.Directory);
            var floor = options.MinFree.Of(drive.TotalSize);
            if (drive.AvailableFreeSpace - _reserved - bytes < floor)
            {
                throw new StagingFullException(
                    $"{options.Directory} has {ByteSize.Format(drive.AvailableFreeSpace)} free and a volume needs {ByteSize.Format(bytes)}: Staging:MinFree keeps {ByteSize.Format(floor)} free");
            }

            _reserved += bytes;
            return new Reservation(this, bytes);
        }
    }

    /// <summary>Whether the sealed file of a record is (still) there, whole by its size.</summary>
    public bool Holds(string remote, VolumeRecord volume) =>
        new FileInfo(PathOf(remote, volume.Name)) is { Exists: true } file && file.Length == volume.SizeBytes;

    public void Delete(string remote, string name) => File.Delete(PathOf(remote, name));

    private long UsedBytes() => new DirectoryInfo(options.Directory)
        .EnumerateFiles("*", Below)
        .Where(file => !file.Name.EndsWith(".partial", StringComparison.Ordinal)) // counted by its reservation
        .Sum(file => file.Exists ? file.Length : 0); // another remote's worker may just have deleted it

    private static bool IsLeftOver(string file, IReadOnlySet<string> belonging)
    {
        var name = Path.GetFileName(file);
        return OwnName().IsMatch(name) && !belonging.Contains($"{Path.GetFileName(Path.GetDirectoryName(file))}/{name}");
    }

    [GeneratedRegex(@"\A([0-9]{3,9}-[0-9]{4}(_[0-9]{2}){2}-[0-9]{2}(_[0-9]{2}){2}\.(([0-9]+-of-[0-9]+\.)?enc|sums)|perb\.json)(\.partial)?\z", RegexOptions.ExplicitCapture)]
    private static partial Regex OwnName();

    private sealed class Reservation(StagingArea area, long bytes) : IDisposable
    {
        private long _bytes = bytes;

        public void Dispose()
        {
            lock (area._reserving)
            {
                area._reserved -= _bytes;
                _bytes = 0;
            }
        }
    }
}
