using Perb.Scheduler.Backups;
using Perb.Transfer.Posix;

namespace Perb.Scheduler.Discovery;

/// <summary>
/// Lists the whole archives of a dump directory. vzdump writes <c>….dat</c> and renames, so a standard name is a whole file. Symbolic
/// links are not followed: what they lead to is not the storage's, and the service may read what guests' owners may not.
/// </summary>
public sealed class DumpListing(TimeZoneInfo nodeTimeZone)
{
    /// <summary>After this long nobody adds a log or notes any more.</summary>
    public static readonly TimeSpan SettledAfter = TimeSpan.FromMinutes(10);

    /// <param name="directory">Its path is there.</param>
    /// <param name="node">This node.</param>
    /// <param name="tasks">What the node said before the listing.</param>
    /// <param name="now">For telling old archives.</param>
    /// <exception cref="IOException">The directory is not there, or its share fails.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public IReadOnlyList<FoundArchive> List(DumpDirectory directory, string node, TaskView tasks, DateTimeOffset now)
    {
        var found = new List<FoundArchive>();
        foreach (var path in Directory.EnumerateFiles(directory.Path!))
        {
            // EnumerateFiles shows links and FIFOs too; and what is gone by now is no archive either.
            if (!ArchiveName.TryParse(Path.GetFileName(path), out var name) || FileFacts.At(path) is not { IsRegularFile: true } file)
            {
                continue;
            }

            found.Add(new FoundArchive(
                name,
                directory.Storage,
                node,
                path,
                file.SizeBytes,
                file.ModifiedAt,
                NodeClock.ToInstant(name.LocalTime, nodeTimeZone),
                IsSettled(path, name, file.ModifiedAt, directory, tasks, now)));
        }

        return found;
    }

    // On a shared storage another node may be writing, and its tasks are not shown to us; but vzdump writes the log last.
    internal static bool IsSettled(
        string path, ArchiveName name, DateTimeOffset modifiedAt, DumpDirectory directory, TaskView tasks, DateTimeOffset now) =>
        now - modifiedAt > SettledAfter
        || tasks.LogEnds.Contains((directory.Storage, name.FileName))
        || (directory.IsShared
            ? File.Exists(Path.Combine(Path.GetDirectoryName(path)!, name.LogName))
            : tasks.IsIdle && modifiedAt < tasks.AskedAt);
}
