using Perb.Scheduler.Backups;
using Perb.Transfer;
using Perb.Transfer.Posix;
using Perb.Transfer.Sealing;

namespace Perb.Scheduler.Discovery;

/// <summary>Whether a path that a person named leads to a whole archive that can be read now.</summary>
internal static class ArchivePath
{
    /// <summary>Null: it does. Otherwise one line: what is wrong with it.</summary>
    public static string? FaultOf(string path)
    {
        try
        {
            var name = Path.GetFileName(path);
            return FileFacts.At(path) switch
            {
                null => File.Exists(Path.ChangeExtension(path, ".dat"))
                    ? $"{path} is not finished: vzdump still writes {Path.ChangeExtension(name, ".dat")}"
                    : $"{path} is not there{(name is [>= '0' and <= '9', ..] ? "; a guest is named by its bare number, such as 100" : "")}",
                { IsRegularFile: false } other => $"{path} is {other.KindInWords}, not a regular file; name the archive itself",
                _ when name.EndsWith(".dat", StringComparison.Ordinal) =>
                    $"{path} is not finished: vzdump gives it its name when it is whole",
                _ when !ArchiveName.TryParse(name, out _) =>
                    $"{path} does not have a name that vzdump gives, such as vzdump-qemu-100-2026_11_20-02_00_01.vma.zst: guest and time are read from it",
                _ => Readability(path),
            };
        }
        catch (IOException exception)
        {
            return exception.Message;
        }
    }

    private static string? Readability(string path)
    {
        try
        {
            using var archive = SourceArchive.Open(path);
            return null;
        }
        catch (SourceMissingException)
        {
            return $"{path} is not there any more";
        }
        catch (EncryptionException exception)
        {
            return exception.Message;
        }
        catch (IOException exception)
        {
            return $"{exception.Message}; {Environment.UserName} must be able to read it";
        }
    }
}
