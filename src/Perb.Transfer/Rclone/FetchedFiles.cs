using Microsoft.Extensions.Logging;
using Perb.Transfer.Posix;

namespace Perb.Transfer.Rclone;

/// <summary>
/// Small files that rclone brought, until this is disposed. Where rclone is another user's, only the inner one of two directories is given to
/// that user, and only while rclone runs: in the outer one nobody else can put anything in its place. What is found in it afterwards may be
/// anything, so nothing there is followed, waited for or entered.
/// </summary>
public sealed class FetchedFiles : IDisposable
{
    private const string InnerName = "in";
    private const string ListName = "names";
    private const UnixFileMode OwnerAlone = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode OthersPass = OwnerAlone | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
    private const UnixFileMode OthersRead = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private readonly string _outer;
    private readonly RcloneUser? _user;
    private readonly ILogger _logger;

    private FetchedFiles(string outer, RcloneUser? user, ILogger logger) => (_outer, _user, _logger) = (outer, user, logger);

    /// <summary>Where rclone puts them.</summary>
    internal string Directory => Path.Combine(_outer, InnerName);

    /// <summary>A name a line.</summary>
    internal string NamesFile => Path.Combine(_outer, ListName);

    /// <exception cref="IOException">They cannot be made, or not be given away.</exception>
    internal static FetchedFiles Prepare(IEnumerable<string> names, RcloneUser? user, ILogger logger)
    {
        var files = new FetchedFiles(System.IO.Directory.CreateTempSubdirectory("perb-manifests-").FullName, user, logger);
        try
        {
            File.WriteAllLines(files.NamesFile, names);
            System.IO.Directory.CreateDirectory(files.Directory, OwnerAlone);
            if (user is not null)
            {
                File.SetUnixFileMode(files.NamesFile, OthersRead);
                File.SetUnixFileMode(files._outer, OthersPass);
                FileFacts.Give(files.Directory, user.Id, user.Group);
            }

            return files;
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    /// <summary>rclone is gone: what lies there now keeps its name. Whoever still has a file open can write into it, so each is read once.</summary>
    internal void TakeBack()
    {
        if (_user is not null)
        {
            FileFacts.Give(Directory, 0, 0);
            File.SetUnixFileMode(Directory, OwnerAlone); // the owner's to change until now, with whatever further rights it has
        }
    }

    /// <summary>Null where it is not there, is no plain file of whom rclone ran as, or is longer.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public async Task<byte[]?> ReadAsync(string name, long maxBytes, CancellationToken cancellationToken)
    {
        using var file = PlainFile.TryOpen(Path.Combine(Directory, name), out _);
        if (file is null
            || FileFacts.Of(file, name) is not { IsRegularFile: true } facts
            || facts.SizeBytes > maxBytes
            || (_user is not null && facts.Owner != _user.Id))
        {
            return null;
        }

        var content = new byte[facts.SizeBytes];
        var length = 0;
        while (length < content.Length && await RandomAccess.ReadAsync(file, content.AsMemory(length), length, cancellationToken) is > 0 and var count)
        {
            length += count;
        }

        return content[..length];
    }

    /// <summary>Removes them, but no directory that holds something: what another user made is not descended into.</summary>
    public void Dispose()
    {
        try
        {
            File.Delete(NamesFile);
            if (System.IO.Directory.Exists(Directory))
            {
                RemoveAllIn(Directory);
                System.IO.Directory.Delete(Directory);
            }

            System.IO.Directory.Delete(_outer);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            _logger.FetchedFilesLeft(_outer, Printable.Clean(exception.Message, 200));
        }
    }

    private static void RemoveAllIn(string directory)
    {
        foreach (var path in System.IO.Directory.EnumerateFileSystemEntries(directory))
        {
            if (FileFacts.At(path)?.KindInWords != "a directory")
            {
                File.Delete(path);
            }
            else
            {
                System.IO.Directory.Delete(path); // fails where it is not empty
            }
        }
    }
}
