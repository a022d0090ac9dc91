using System.Text.Json;
using Perb.Transfer.Posix;
using Perb.Transfer.Rclone;
using Perb.Transfer.Staging;

namespace Perb.Scheduler.Restore;

/// <summary>
/// Where a backup lies while it is restored: volumes that were fetched, what is written of the archive, and how far that is right. It stands
/// beside the destination, so that whole files only need their names; Proxmox does not look into it. It stays after an interruption.
/// </summary>
internal sealed class WorkDirectory : IDisposable
{
    private const string LockName = "lock";
    private const string CheckpointName = "checkpoint";
    private const string FetcherName = "rclone";
    private const int WouldBlock = 11;

    private readonly FileStream _lock;

    private WorkDirectory(string path, FileStream held) => (Path, _lock) = (path, held);

    public string Path { get; }

    /// <summary>The rclone that was fetching when this was last known; it outlives a killed perb and goes on writing.</summary>
    public ProcessIdentity? Fetcher
    {
        get => File.Exists(FileOf(FetcherName)) && ProcessIdentity.TryParse(File.ReadAllText(FileOf(FetcherName)), out var identity)
            ? identity
            : null;
        set => File.WriteAllText(FileOf(FetcherName), value?.ToString() ?? "");
    }

    /// <exception cref="RestoreException">Another perb works in it, or it cannot be made.</exception>
    public static WorkDirectory Open(string directory, string remoteName)
    {
        var path = System.IO.Path.Combine(directory, $".perb-restore-{remoteName}");
        if (FileFacts.At(path) is { KindInWords: not "a directory" } facts)
        {
            throw new RestoreException($"{path} is {facts.KindInWords}: move it away");
        }

        try
        {
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            return new WorkDirectory(path, new FileStream(
                System.IO.Path.Combine(path, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException exception) when (exception.HResult == WouldBlock)
        {
            throw new RestoreException($"another perb restores {remoteName} to {directory} at this moment");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new RestoreException($"{directory} cannot be written: {exception.Message}");
        }
    }

    public string FileOf(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>How far an earlier attempt on the same manifest came; null: it begins anew.</summary>
    public Checkpoint? ReadCheckpoint(string manifestSha256)
    {
        try
        {
            var kept = JsonSerializer.Deserialize(File.ReadAllBytes(FileOf(CheckpointName)), CheckpointJson.Default.Checkpoint);
            return kept is not null
                && kept.Manifest == manifestSha256
                && new FileInfo(PlacedFile.PartialOf(Path, kept.Archive)) is { Exists: true } partial
                && partial.Length >= kept.WrittenBytes
                    ? kept
                    : null;
        }
        catch (Exception exception) when (exception is FileNotFoundException or JsonException)
        {
            return null;
        }
    }

    public async Task WriteCheckpointAsync(Checkpoint checkpoint, CancellationToken cancellationToken)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(checkpoint, CheckpointJson.Default.Checkpoint);
        File.Delete(FileOf(CheckpointName + StagedFile.PartialSuffix));
        using var staged = StagedFile.Create(Path, CheckpointName);
        await staged.WriteAsync(json, cancellationToken);
        await staged.CommitAsync(json.Length, cancellationToken);
    }

    /// <summary>Whether a later run could go on from here.</summary>
    public bool IsWorthKeeping => Directory.EnumerateFiles(Path)
        .Any(file => System.IO.Path.GetFileName(file) is CheckpointName || file.EndsWith(".enc", StringComparison.Ordinal));

    public void Delete() => Directory.Delete(Path, recursive: true);

    public void Dispose() => _lock.Dispose();
}
