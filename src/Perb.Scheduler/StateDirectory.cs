using Perb.Scheduler.Configuration;
using Perb.Transfer.Staging;

namespace Perb.Scheduler;

/// <summary>
/// The directory that a service owns: its lock, its installation id, its store. The lock (flock) is held for as long as this lives and
/// ends with the process, however that ends; so whoever holds it knows that all leases in the store are dead.
/// </summary>
public sealed class StateDirectory : IDisposable
{
    public const string IdName = "installation-id";

    internal const string LockName = "perb.lock";

    /// <summary>EWOULDBLOCK, which .NET hands on as the HResult when flock finds the lock taken.</summary>
    private const int WouldBlock = 11;

    private const int Tries = 10;
    private static readonly TimeSpan BetweenTries = TimeSpan.FromMilliseconds(100);

    private readonly FileStream _lock;

    private StateDirectory(FileStream held, string installationId) => (_lock, InstallationId) = (held, installationId);

    /// <summary>Random, made at the first start: 32 hexadecimal digits.</summary>
    public string InstallationId { get; }

    /// <summary>Null where another process holds it.</summary>
    /// <exception cref="ConfigurationException">It cannot be created or written, or its installation id is damaged.</exception>
    /// <exception cref="IOException">The disk is full or fails.</exception>
    public static async Task<StateDirectory?> TryOwnAsync(PerbOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        var directory = options.StateDirectory;
        try
        {
            Directory.CreateDirectory(directory);
            if (await TryLockAsync(directory, time, cancellationToken) is not { } held)
            {
                return null;
            }

            try
            {
                return new StateDirectory(held, await ReadOrMakeIdAsync(directory, File.Exists(options.StorePath), cancellationToken));
            }
            catch
            {
                await held.DisposeAsync();
                throw;
            }
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or IOException && !DiskFault.Passes(exception))
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

        // Never made by whoever only looks: root would lock the service out.
        using var held = TryLock(directory, FileMode.Open, FileAccess.Read, FileShare.Read);
        return held is null;
    }

    /// <summary>The installation id, for whoever only looks; null where there is none yet.</summary>
    public static string? IdOf(string directory) =>
        File.Exists(Path.Combine(directory, IdName)) && Guid.TryParseExact(File.ReadAllText(Path.Combine(directory, IdName)).Trim(), "N", out var id)
            ? id.ToString("N")
            : null;

    public void Dispose() => _lock.Dispose();

    // Not at the first refusal: `perb status` looks by taking the lock, shared, for a moment.
    private static async Task<FileStream?> TryLockAsync(string directory, TimeProvider time, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            if (TryLock(directory, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None) is { } held)
            {
                return held;
            }

            if (attempt == Tries)
            {
                return null;
            }

            await Task.Delay(BetweenTries, time, cancellationToken);
        }
    }

    private static FileStream? TryLock(string directory, FileMode mode, FileAccess access, FileShare share)
    {
        try
        {
            // .NET takes flock: exclusive for FileShare.None, shared for FileShare.Read.
            return new FileStream(Path.Combine(directory, LockName), mode, access, share);
        }
        catch (IOException exception) when (exception.HResult == WouldBlock)
        {
            return null;
        }
    }

    private static async Task<string> ReadOrMakeIdAsync(string directory, bool hasStore, CancellationToken cancellationToken)
    {
        var path = Path.Combine(directory, IdName);
        var id = File.Exists(path) ? (await File.ReadAllTextAsync(path, cancellationToken)).Trim() : null;

        // An empty file without a store is what a power cut left of a first start: no remote knows an id yet.
        if (id is null || (id.Length == 0 && !hasStore))
        {
            return await MakeIdAsync(directory, cancellationToken);
        }

        return Guid.TryParseExact(id, "N", out _)
            ? id
            : throw new ConfigurationException(
                $"{path} does not hold an installation id: restore it, it says which remotes are yours; perb.json on each of them holds it");
    }

    private static async Task<string> MakeIdAsync(string directory, CancellationToken cancellationToken)
    {
        var id = Guid.NewGuid().ToString("N");
        var line = System.Text.Encoding.ASCII.GetBytes(id + "\n");
        File.Delete(Path.Combine(directory, IdName + StagedFile.PartialSuffix)); // of a start that was cut: the lock is ours
        using var file = StagedFile.Create(directory, IdName);
        await file.WriteAsync(line, cancellationToken);
        await file.CommitAsync(line.Length, cancellationToken);
        return id;
    }
}
