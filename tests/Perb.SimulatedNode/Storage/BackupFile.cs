namespace Perb.Simulation.Storage;

/// <summary>One archive in a dump directory, with its companions <c>.notes</c>, <c>.protected</c> and the log.</summary>
internal sealed record BackupFile(StorageDefinition Storage, ArchiveName Name, FileFacts Facts)
{
    public string FilePath => Path.Combine(Storage.DumpDirectory, Name.FileName);

    public string VolumeId => $"{Storage.Id}:backup/{Name.FileName}";

    public long TimeSeconds => Name.TimeSeconds ?? Facts.ChangedSeconds;

    public bool IsProtected => File.Exists(FilePath + ".protected");

    /// <summary>The listing shows the first line of the notes only.</summary>
    public string? FirstNotesLine =>
        File.Exists(FilePath + ".notes") ? File.ReadLines(FilePath + ".notes").FirstOrDefault() : null;

    /// <summary>
    /// One look into the directory per call, no cache; sorted by lower-cased volume id, so not by time. Directories and
    /// dangling links are left out, links to files are followed.
    /// </summary>
    public static List<BackupFile> List(StorageDefinition storage, NodeClock clock, long? vmid = null)
    {
        if (!Directory.Exists(storage.DumpDirectory))
        {
            return [];
        }

        return [.. new DirectoryInfo(storage.DumpDirectory).EnumerateFileSystemInfos()
            .Select(file => (Name: ArchiveName.Parse(file.Name, clock), Facts: FileFacts.Of(file.FullName)))
            .Where(file => file is { Name: not null, Facts.IsDirectory: false })
            .Where(file => vmid is null || file.Name!.MatchesVmid(vmid.Value))
            .Select(file => new BackupFile(storage, file.Name!, file.Facts!))
            .OrderBy(file => file.VolumeId.ToLowerInvariant(), StringComparer.Ordinal)];
    }

    /// <summary>Removes the archive with its log and notes. A file that is gone already is no error.</summary>
    public static void Remove(string archivePath, ArchiveName name)
    {
        File.Delete(archivePath);
        File.Delete(archivePath + ".notes");
        if (name.IsStandard)
        {
            File.Delete(Path.Combine(Path.GetDirectoryName(archivePath)!, name.LogName));
        }
    }

    /// <summary>Empty notes remove the file. Nothing checks that the archive exists: a stray companion may be left.</summary>
    public static void WriteNotes(string archivePath, string notes)
    {
        if (notes.Length == 0)
        {
            File.Delete(archivePath + ".notes");
        }
        else
        {
            AtomicFile.Write(archivePath + ".notes", notes);
        }
    }

    public static void SetProtected(string archivePath, bool isProtected)
    {
        if (isProtected)
        {
            File.WriteAllText(archivePath + ".protected", "");
        }
        else
        {
            File.Delete(archivePath + ".protected");
        }
    }
}
