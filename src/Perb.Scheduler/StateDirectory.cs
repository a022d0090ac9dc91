using Perb.Scheduler.Configuration;

namespace Perb.Scheduler;

/// <summary>
/// The directory that a service owns: its lock, its installation id, its store. The lock (flock) is held for as long as this lives and
/// ends with the process, however that ends; so whoever holds it knows that all leases in the store are dead.
/// </summary>
public sealed class StateDirectory : IDisposable
{
    private const string LockName = "perb.lock";
    private const string IdName = "installation-id";

    /// <summary>EWOULDBLOCK, which .NET hands on as the HResult when flock finds the lock taken.</summary>
    private const int WouldBlock = 11;

    private readonly FileStream _lock;

    private StateDirectory(FileStream held, string installationId) => (_lock, InstallationId) = (held, installationId);

    /// <summary>Random, made at the first start: 32 hexadecimal digits.</summary>
    public string InstallationId { get; }

    /// <summary>Null where another process holds it.</summary>
    /// <exception cref="ConfigurationException">It cannot be created or written.</exception>
    public static StateDirectory? TryOwn(string directory)
    {
        try
        {
            Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute);
            if (TryLock(directory, FileAccess.ReadWrite, FileShare.None) is not { } held)
            {
                return null;
            }

            return new StateDirectory(held, ReadOrMakeId(Path.Combine(directory, IdName)));
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or IOException)
        {
            throw new ConfigurationException($"StateDirectory {directory} cannot be used: {exception.Message}");
        }
    }

    /// <summary>Whether a service (or a command that works like one) is running on it.</summary>
    public static bool IsOwned(string directory)
    {
        if (!File.Exists(Path.Combine(directory, LockName)))
        {
            return false;
        }

        using var held = TryLock(directory, FileAccess.Read, FileShare.Read);
        return held is null;
    }

    public void Dispose() => _lock.Dispose();

    private static FileStream? TryLock(string directory, FileAccess access, FileShare share)
    {
        try
        {
            // .NET takes flock: exclusive for FileShare.None, shared for FileShare.Read.
            return new FileStream(Path.Combine(directory, LockName), FileMode.OpenOrCreate, access, share);
        }
        catch (IOException exception) when (exception.HResult == WouldBlock)
        {
            return null;
        }
    }

    private static string ReadOrMakeId(string path)
    {
        if (!File.Exists(path))
        {
            using var stream = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
            using var writer = new StreamWriter(stream);
            writer.WriteLine(Guid.NewGuid().ToString("N"));
            writer.Flush();
            stream.Flush(flushToDisk: true);
        }

        var id = File.ReadAllText(path).Trim();
        return Guid.TryParseExact(id, "N", out _)
            ? id
            : throw new ConfigurationException($"{path} does not hold an installation id: restore it, it says which remotes are yours");
    }
}
