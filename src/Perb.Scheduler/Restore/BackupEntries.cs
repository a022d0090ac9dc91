using Perb.Scheduler.Backups;
using Perb.Transfer;
using Perb.Transfer.Unpacking;

namespace Perb.Scheduler.Restore;

/// <summary>
/// Which entries a backup's tar may have: the archive, its log, its notes, each once, under the names that vzdump gives them and of that guest
/// and time. Everything else is refused, whoever made it.
/// </summary>
/// <param name="remoteName">The backup's.</param>
/// <param name="isOurs">The archive comes first, then log, then notes; PERB's tar programs may have had another order.</param>
internal sealed class BackupEntries(string remoteName, bool isOurs)
{
    private readonly HashSet<string> _seen = [];
    private ArchiveName? _archive;

    /// <returns>True: it is the archive.</returns>
    /// <exception cref="TarException">It does not belong to this backup.</exception>
    public bool IsArchive(TarEntry entry)
    {
        if (!_seen.Add(entry.Name))
        {
            throw new TarException($"the tar holds {entry.Name} twice");
        }

        if (ArchiveName.TryParse(entry.Name, out var name) && name.RemoteName == remoteName && _archive is null)
        {
            _archive = name;
            return true;
        }

        return IsCompanion(entry.Name)
            ? false
            : throw new TarException($"the tar holds '{Printable.Clean(entry.Name, 100)}', which does not belong to {remoteName}");
    }

    // Before the archive there is only its stem to go by.
    private bool IsCompanion(string name) => _archive is { } archive
        ? name == archive.LogName || name == archive.NotesName
        : !isOurs && name.EndsWith(".log", StringComparison.Ordinal)
            && ArchiveName.TryParse($"{name[..^".log".Length]}.vma", out var stem) && stem.RemoteName == remoteName;
}
