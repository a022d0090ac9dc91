using System.Text.Json;
using Perb.Scheduler.Backups;
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
    /// <summary>It is gone on with after an interruption.</summary>
    public const string ForFiles = "";

    /// <summary>Beside the other one, which <c>--stdout</c> must not take away.</summary>
    public const string ForOutput = "-stdout";

    private const string LockName = "lock";
    private const string CheckpointName = "checkpoint";
    private const string FetcherName = "rclone";
    private const string PlacingName = "placing";
    private const int WouldBlock = 11;

    private readonly string _remoteName;
    private readonly FileStream _lock;

    private WorkDirectory(string path, string remoteName, FileStream held) => (Path, _remoteName, _lock) = (path, remoteName, held);

    public string Path { get; }

    /// <summary>The rclone that was fetching when this was last known; it outlives a killed perb and goes on writing.</summary>
    public ProcessIdentity? Fetcher
    {
        get => File.Exists(FileOf(FetcherName)) && ProcessIdentity.TryParse(File.ReadAllText(FileOf(FetcherName)), out var identity)
            ? identity
            : null;
        set => File.WriteAllText(FileOf(FetcherName), value?.ToString() ?? "");
    }

    /// <exception cref="RestoreException">Another perb works in it, it cannot be made, or somebody else made it.</exception>
    public static WorkDirectory Open(string directory, string remoteName, string purpose)
    {
        var path = System.IO.Path.Combine(directory, $".perb-restore-{remoteName}{purpose}");
        try
        {
            return PrivateDirectory.TryOpen(path)
                ? new WorkDirectory(path, remoteName, new FileStream(
                    System.IO.Path.Combine(path, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None))
                : throw new RestoreException(
                    $"{path} is there, as {FileFacts.At(path)?.KindInWords ?? "nothing"} that others can change: what lies in it cannot be trusted; move it away");
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
            return kept is { Volumes: >= 0, WrittenBytes: >= 0 }
                && kept.Manifest == manifestSha256
                && ArchiveName.TryParse(kept.Archive, out var archive) && archive.RemoteName == _remoteName
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

    public Task WriteCheckpointAsync(Checkpoint checkpoint, CancellationToken cancellationToken) =>
        WriteAsync(CheckpointName, JsonSerializer.SerializeToUtf8Bytes(checkpoint, CheckpointJson.Default.Checkpoint), cancellationToken);

    /// <summary>Files that are about to get their names: should this program be killed in between, the next one knows them as its own.</summary>
    public Task WritePlacingAsync(IReadOnlyList<PlacingFile> files, CancellationToken cancellationToken) =>
        WriteAsync(PlacingName, JsonSerializer.SerializeToUtf8Bytes(files, CheckpointJson.Default.IReadOnlyListPlacingFile), cancellationToken);

    /// <summary>What a killed restore gave names to before it could give one to the archive.</summary>
    public IReadOnlyList<PlacingFile> ReadPlacing()
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(FileOf(PlacingName)), CheckpointJson.Default.IReadOnlyListPlacingFile) ?? [];
        }
        catch (Exception exception) when (exception is FileNotFoundException or JsonException)
        {
            return [];
        }
    }

    /// <summary>Whether a later run could go on from here.</summary>
    public bool IsWorthKeeping => Directory.EnumerateFiles(Path)
        .Any(file => System.IO.Path.GetFileName(file) is CheckpointName || file.EndsWith(".enc", StringComparison.Ordinal));

    public void Delete() => Directory.Delete(Path, recursive: true);

    public void Dispose() => _lock.Dispose();

    private async Task WriteAsync(string name, byte[] json, CancellationToken cancellationToken)
    {
        File.Delete(FileOf(name + StagedFile.PartialSuffix));
        using var staged = StagedFile.Create(Path, name);
        await staged.WriteAsync(json, cancellationToken);
        await staged.CommitAsync(json.Length, cancellationToken);
    }
}
