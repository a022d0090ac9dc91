using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using Perb.Transfer.Hashing;

namespace Perb.Transfer.Rclone;

/// <summary>
/// rclone, as far as Perb uses it. Each method is one run of the program, and returns or throws only once that process is
/// gone. Exit code 0 after a copy is still no proof: ask with <see cref="StatAsync"/> what arrived.
/// </summary>
public sealed partial class RcloneProgram(RcloneOptions options, TimeProvider time, ILogger<RcloneProgram> logger)
{
    private const long MaxAnswerBytes = 1024 * 1024;

    // Some 500,000 names; a directory with more is not one that Perb filled.
    private const long MaxListingBytes = 128 * 1024 * 1024;

    private const int FetchBufferBytes = 1 << 20;

    /// <exception cref="RcloneMissingException">There is no such program.</exception>
    public async Task<Version> GetVersionAsync(CancellationToken cancellationToken)
    {
        var run = NewRun(RcloneCommand.Version());
        var answer = await run.ExecuteAsync(OutputReader.ReadBytesAsync, MaxAnswerBytes, cancellationToken);
        var match = VersionLine().Match(Encoding.UTF8.GetString(answer));
        return match.Success && Version.TryParse(match.Groups[1].Value, out var version)
            ? version
            : throw run.Unreadable("no version in it; check Rclone:Program", cause: null);
    }

    /// <summary>Asks rclone, not the remote: it needs no right there.</summary>
    public async Task<RemoteFeatures> GetFeaturesAsync(RemotePath remote, CancellationToken cancellationToken)
    {
        var run = NewRun(RcloneCommand.Features(remote));
        var answer = await run.ExecuteAsync(OutputReader.ReadBytesAsync, MaxAnswerBytes, cancellationToken);
        return (ParseAnswer(run, answer, RcloneJson.Default.FeaturesAnswer)
            ?? throw run.Unreadable("it is null", cause: null)).ToFeatures();
    }

    /// <summary>
    /// Copies a file of this node over whatever the target was. <paramref name="started"/> is told at once which process
    /// sends it, to be recorded: rclone outlives a killed parent and goes on writing, so after a crash it has to be ended
    /// (<see cref="EndSurvivorAsync"/>) before the same file is sent again.
    /// </summary>
    public Task CopyToAsync(
        string localFile,
        RemotePath target,
        TransferLimits limits,
        IProgress<TransferProgress>? progress,
        Func<ProcessIdentity, Task>? started,
        CancellationToken cancellationToken) =>
        CopyAsync(RcloneCommand.CopyTo(Absolute(localFile), target, limits), progress, started, cancellationToken);

    /// <summary>
    /// Copies a file of a remote to this node, over whatever was there. <paramref name="started"/> as with <see cref="CopyToAsync"/>. Of what comes
    /// through a pipe (<see cref="RcloneOptions.RunAs"/>) nothing beyond <paramref name="maxBytes"/> is taken.
    /// </summary>
    public async Task CopyFromAsync(
        RemotePath source,
        string localFile,
        long maxBytes,
        IProgress<TransferProgress>? progress,
        Func<ProcessIdentity, Task>? started,
        CancellationToken cancellationToken)
    {
        var command = RcloneCommand.CopyFrom(source, Absolute(localFile), TransferLimits.None);
        if (options.RunAs is not null)
        {
            await FetchAsync(source, localFile, maxBytes, progress, started, cancellationToken);
            return;
        }

        // Object stores have no directories: there, a missing file is an empty directory, copied with success. What stands
        // here afterwards must have come from this run.
        File.Delete(localFile);
        await CopyAsync(command, progress, started, cancellationToken);
        if (!File.Exists(localFile))
        {
            throw Missing(source);
        }
    }

    /// <summary>Copies small files by their names to this node, in one run; those that are not on the remote are not there afterwards.</summary>
    /// <param name="directory">Where they lie.</param>
    /// <param name="names">Letters, digits, dots, hyphens and underscores.</param>
    /// <param name="maxBytes">Of all together: a remote may give more than it listed, without end.</param>
    /// <param name="cancellationToken">Stops rclone.</param>
    /// <returns>They; to be disposed.</returns>
    public async Task<FetchedFiles> CopyAllFromAsync(
        RemotePath directory, IReadOnlyCollection<string> names, long maxBytes, CancellationToken cancellationToken)
    {
        RequirePlain(names);
        var files = FetchedFiles.Prepare(names, options.RunAs, logger);
        try
        {
            try
            {
                await CopyAsync(
                    RcloneCommand.CopyAllFrom(directory, files.NamesFile, files.Directory, maxBytes), progress: null, started: null, cancellationToken);
            }
            finally
            {
                files.TakeBack();
            }

            return files;
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    /// <summary>
    /// The file, or null where there is none (a directory of that name is none). <paramref name="hash"/> is one to report as
    /// well; local and sftp remotes read the whole file for it.
    /// </summary>
    public async Task<RemoteFile?> StatAsync(RemotePath file, HashKind? hash, CancellationToken cancellationToken)
    {
        var run = NewRun(RcloneCommand.Stat(file, hash));
        try
        {
            var answer = await run.ExecuteAsync(OutputReader.ReadBytesAsync, MaxAnswerBytes, cancellationToken);
            var entry = answer.Length == 0 ? null : ParseAnswer(run, answer, RcloneJson.Default.ListedEntry);
            return entry is null or { IsDir: true } ? null : entry.ToFile();
        }
        catch (RcloneException e) when (e.Kind == RcloneFailure.NotFound)
        {
            return null;
        }
    }

    /// <summary>The files of a directory itself, in no order; none where there is no such directory.</summary>
    public Task<IReadOnlyList<RemoteFile>> ListAsync(RemotePath directory, CancellationToken cancellationToken) =>
        ListAsync(directory, namePrefixes: [], cancellationToken);

    /// <summary>Only files whose names begin with one of these; letters, digits, dots, hyphens and underscores, since rclone takes a pattern.</summary>
    public async Task<IReadOnlyList<RemoteFile>> ListAsync(
        RemotePath directory, IReadOnlyList<string> namePrefixes, CancellationToken cancellationToken)
    {
        RequirePlain(namePrefixes);
        try
        {
            return await NewRun(RcloneCommand.List(directory, namePrefixes))
                .ExecuteAsync(ReadListingAsync, MaxListingBytes, cancellationToken);
        }
        catch (RcloneException e) when (e.Kind == RcloneFailure.NotFound)
        {
            return [];
        }
    }

    /// <summary>A small file's content.</summary>
    /// <exception cref="RcloneException">Also if the file is absent or longer than <paramref name="maxBytes"/>.</exception>
    public async Task<byte[]> ReadAsync(RemotePath file, long maxBytes, CancellationToken cancellationToken)
    {
        // One byte more than allowed, so that a longer file is noticed and not cut; the bound is for a directory, whose
        // files rclone would write one after the other.
        var run = NewRun(RcloneCommand.Read(file, maxBytes + 1));
        var content = await run.ExecuteAsync(OutputReader.ReadBytesAsync, maxBytes + 1, cancellationToken);
        if (content.Length > maxBytes)
        {
            throw run.Unreadable($"the file is longer than {maxBytes} bytes", cause: null);
        }

        return content.Length > 0 || await StatAsync(file, hash: null, cancellationToken) is not null
            ? content
            : throw Missing(file);
    }

    /// <summary>
    /// The hash of what the remote really gives back, lower-case hexadecimal; costs the download. It is computed here: this platform's SHA-256
    /// uses the processor's own instructions, that of an rclone as old as Debian 12's does not.
    /// </summary>
    /// <param name="file">Which.</param>
    /// <param name="kind">Of hash.</param>
    /// <param name="maxBytes">Where it has more, the hash is that of so many, and of one more.</param>
    /// <param name="cancellationToken">Stops rclone.</param>
    /// <exception cref="RcloneException">Also if the file is absent.</exception>
    public async Task<string> HashByDownloadAsync(RemotePath file, HashKind kind, long maxBytes, CancellationToken cancellationToken)
    {
        using var hash = RunningHash.Of(kind);
        await GetAsync(NewRun(RcloneCommand.Fetch(file, maxBytes + 1)), file, maxBytes + 1, TakeAsync, cancellationToken);
        return hash.Finish();

        async Task<long> TakeAsync(Stream stdout, CancellationToken token)
        {
            var (block, total) = (new byte[FetchBufferBytes], 0L);
            while (await stdout.ReadAsync(block, token) is > 0 and var count)
            {
                hash.Append(block.AsSpan(0, count));
                total += count;
            }

            return total;
        }
    }

    /// <inheritdoc cref="LocalCopy.FindAsync"/>
    public Task<string?> FindInPlaceAsync(string? root, string name, long sizeBytes, CancellationToken cancellationToken) =>
        LocalCopy.FindAsync(root, name, sizeBytes, options.StallTimeout, time, cancellationToken);

    /// <inheritdoc cref="LocalCopy.HashAsync"/>
    public Task<string> HashInPlaceAsync(string file, HashKind kind, long sizeBytes, CancellationToken cancellationToken) =>
        LocalCopy.HashAsync(file, kind, sizeBytes, options.StallTimeout, time, cancellationToken);

    /// <summary>Deletes a file; one that is absent already is as good.</summary>
    public async Task DeleteFileAsync(RemotePath file, CancellationToken cancellationToken)
    {
        try
        {
            await NewRun(RcloneCommand.Delete(file))
                .ExecuteAsync(OutputReader.ReadBytesAsync, MaxAnswerBytes, cancellationToken);
        }
        catch (RcloneException e) when (e.Kind is RcloneFailure.NotFound or RcloneFailure.Unexpected)
        {
            // rclone 1.60 has no exit code of its own for "absent": ask the remote rather than the error text.
            if (await StatAsync(file, hash: null, cancellationToken) is not null)
            {
                throw;
            }
        }
    }

    /// <summary>Ends a copy that an earlier life of this program left running; false if there is none any more.</summary>
    public async Task<bool> EndSurvivorAsync(ProcessIdentity survivor, CancellationToken cancellationToken)
    {
        try
        {
            var wasRunning = await survivor.KillAsync(options.GracePeriod, time, cancellationToken);
            if (wasRunning)
            {
                logger.RcloneSurvivorEnded(survivor.ProcessId);
            }

            return wasRunning;
        }
        catch (TimeoutException e)
        {
            throw new RcloneException(
                RcloneFailure.Killed,
                $"rclone process {survivor.ProcessId} of an earlier run cannot be ended; it hangs in the kernel, perhaps on a dead mount",
                exitCode: null,
                lastLines: "",
                e);
        }
    }

    private async Task CopyAsync(
        RcloneCommand command,
        IProgress<TransferProgress>? progress,
        Func<ProcessIdentity, Task>? started,
        CancellationToken cancellationToken)
    {
        var run = new RcloneRun(options, time, logger, command) { Progress = progress, Started = started };
        await run.ExecuteAsync(OutputReader.ReadBytesAsync, MaxAnswerBytes, cancellationToken);
    }

    // The other user's rclone need not get at the place where the file goes: this program writes it.
    private async Task FetchAsync(
        RemotePath source,
        string localFile,
        long maxBytes,
        IProgress<TransferProgress>? progress,
        Func<ProcessIdentity, Task>? started,
        CancellationToken cancellationToken)
    {
        File.Delete(localFile);
        await using var file = new FileStream(localFile, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0);
        var run = new RcloneRun(options, time, logger, RcloneCommand.Fetch(source, maxBytes)) { Progress = progress, Started = started };
        await GetAsync(
            run,
            source,
            maxBytes,
            async (stdout, token) =>
            {
                await stdout.CopyToAsync(file, FetchBufferBytes, token);
                return file.Length;
            },
            cancellationToken);
    }

    // Of what is not there, rclone writes nothing, and some remotes say nothing about it.
    private async Task GetAsync(
        RcloneRun run, RemotePath source, long maxBytes, Func<Stream, CancellationToken, Task<long>> take, CancellationToken cancellationToken)
    {
        if (await run.ExecuteAsync(take, maxBytes, cancellationToken) == 0 && await StatAsync(source, hash: null, cancellationToken) is null)
        {
            throw Missing(source);
        }
    }

    private RcloneRun NewRun(RcloneCommand command) => new(options, time, logger, command);

    // Parsed while it arrives: of a listing, only the files are ever in memory.
    private static async Task<IReadOnlyList<RemoteFile>> ReadListingAsync(Stream stdout, CancellationToken cancellationToken)
    {
        var files = new List<RemoteFile>();
        await foreach (var entry in JsonSerializer.DeserializeAsyncEnumerable(
            stdout, RcloneJson.Default.ListedEntry, cancellationToken))
        {
            files.Add((entry ?? throw new JsonException("an entry is null")).ToFile());
        }

        return files;
    }

    private static T? ParseAnswer<T>(RcloneRun run, byte[] answer, JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(answer, type);
        }
        catch (JsonException e)
        {
            throw run.Unreadable(e.Message, e);
        }
    }

    private static void RequirePlain(IEnumerable<string> names)
    {
        if (names.FirstOrDefault(name => !PlainName().IsMatch(name)) is { } pattern)
        {
            throw new ArgumentException($"'{pattern}' would be a pattern", nameof(names));
        }
    }

    // A relative name could be read as "remote:path"; an absolute one never is.
    private static string Absolute(string localFile) => Path.IsPathRooted(localFile)
        ? localFile
        : throw new ArgumentException("A local file needs an absolute path.", nameof(localFile));

    private static RcloneException Missing(RemotePath file) =>
        new(RcloneFailure.NotFound, $"{file} is not on the remote");

    [GeneratedRegex(@"\A[A-Za-z0-9._-]*\z")]
    private static partial Regex PlainName();

    [GeneratedRegex(@"^rclone v(\d+\.\d+(?:\.\d+)?)")]
    private static partial Regex VersionLine();
}
