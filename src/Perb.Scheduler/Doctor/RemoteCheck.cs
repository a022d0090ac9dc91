using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.Json;
using Perb.Scheduler.Backups;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Pipeline;
using Perb.Transfer.Hashing;
using Perb.Transfer.Rclone;

namespace Perb.Scheduler.Doctor;

/// <summary>A remote, from one end to the other: an object is written, hashed, read back, compared and deleted.</summary>
internal sealed class RemoteCheck(RemoteSection section, PerbOptions options, RcloneProgram rclone, TimeProvider time) : ICheck
{
    private const int SmallBytes = 1024;
    private const int LargeBytes = 8 << 20;

    private readonly Remote _remote = Remote.Of(section);

    public string Subject => $"remote {section.Name}";

    // A directory of this machine has no login that could be wrong.
    public string Fix => section.Path.StartsWith('/')
        ? $"findmnt -T {section.Path}; install -d -o {Environment.UserName} -g {Environment.UserName} -m 700 {section.Path}"
        : $"runuser -u {Environment.UserName} -- rclone lsd {section.Path} --config {options.Rclone.ConfigFile}";

    /// <summary>Bytes a second, as the probe was sent; null before that, or where it was too quick to tell.</summary>
    public double? Speed { get; private set; }

    public async Task RunAsync(Action<Finding> say, CancellationToken cancellationToken)
    {
        var hash = (await rclone.GetFeaturesAsync(_remote.Path, cancellationToken)).BestHash;
        say(hash is { } kind ? Finding.Ok(Subject, $"copies are proven by {kind.ToString().ToLowerInvariant()}")
            : section.Verify == VerifyLevel.Hash ? Finding.Warn(
                Subject, "it has no hashes: copies are proven by size alone", $"nothing, if size is enough; \"Verify\": \"download\" beside \"Name\": \"{section.Name}\" proves them by content, and costs the download")
            : Finding.Ok(Subject, "it has no hashes, and none are asked for"));
        if (!await IsOursAsync(say, cancellationToken))
        {
            return;
        }

        var directory = Directory.CreateTempSubdirectory("perb-doctor-");
        try
        {
            var small = await ProbeAsync(directory.FullName, SmallBytes, hash, say, cancellationToken);
            var large = small is null ? null : await ProbeAsync(directory.FullName, LargeBytes, hash, say, cancellationToken);
            if (small is { } first && large is { } second)
            {
                Speed = second > first ? (LargeBytes - SmallBytes) / (second - first).TotalSeconds : null;
                var speed = Speed is { } rate ? $"about {ByteSize.Format((long)rate)}/s up" : "too quick to measure";
                say(Finding.Ok(Subject, $"{section.Path}: written, compared, read back and deleted; {speed}"));
            }
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private async Task<bool> IsOursAsync(Action<Finding> say, CancellationToken cancellationToken)
    {
        var owner = _remote.ObjectPath("perb.json");
        if (await rclone.StatAsync(owner, hash: null, cancellationToken) is null)
        {
            return true;
        }

        var content = await rclone.ReadAsync(owner, 4096, cancellationToken);
        string? installation;
        try
        {
            installation = JsonSerializer.Deserialize(content, OwnerJson.Default.PathOwner)?.Installation;
        }
        catch (JsonException)
        {
            installation = null;
        }

        if (installation is not null && installation == StateDirectory.IdOf(options.StateDirectory))
        {
            return true;
        }

        say(Finding.Fail(
            Subject,
            $"perb.json on {section.Path} names another installation: nothing is shipped there",
            "a path of its own for this installation; or, after a reinstallation, perb rebuild --adopt"));
        return false;
    }

    /// <summary>How long the upload took; null where something was wrong, and said.</summary>
    [SuppressMessage("Security", "CA5394", Justification = "Bytes that do not compress; nothing depends on them being secret.")]
    private async Task<TimeSpan?> ProbeAsync(string directory, int bytes, HashKind? hash, Action<Finding> say, CancellationToken cancellationToken)
    {
        var content = RandomNumberGenerator.GetBytes(bytes);
        var file = Path.Combine(directory, $"perb-probe-{Guid.NewGuid():N}.tmp");
        await File.WriteAllBytesAsync(file, content, cancellationToken);
        var target = _remote.ObjectPath(Path.GetFileName(file));
        TimeSpan took;
        string? fault;
        try
        {
            var began = time.GetTimestamp();
            await rclone.CopyToAsync(file, target, new TransferLimits(null), progress: null, started: null, cancellationToken);
            took = time.GetElapsedTime(began);
            fault = await CompareAsync(target, content, hash, cancellationToken);
        }
        catch
        {
            await TryDeleteAsync(target); // nothing of ours is left, also after an interruption
            throw;
        }

        if (fault is not null)
        {
            say(Finding.Fail(Subject, $"what was written is not what lies there: {fault}", Fix));
        }

        if (await TryDeleteAsync(target) is { } exception)
        {
            say(Finding.Warn(
                Subject,
                $"the probe {target} could be written and not deleted, so nothing can be pruned: {exception.Message}",
                "let the login delete, or take Retention out; delete the probe by hand"));
            return null; // one is enough
        }

        return fault is null ? took : null;
    }

    private async Task<RcloneException?> TryDeleteAsync(RemotePath target)
    {
        try
        {
            await rclone.DeleteFileAsync(target, CancellationToken.None);
            return null;
        }
        catch (RcloneException exception)
        {
            return exception;
        }
    }

    private async Task<string?> CompareAsync(RemotePath target, byte[] content, HashKind? hash, CancellationToken cancellationToken)
    {
        var found = await rclone.StatAsync(target, hash, cancellationToken);
        if (found is null || found.SizeBytes != content.Length)
        {
            return found is null ? "it is not there" : $"it has {found.SizeBytes} bytes instead of {content.Length}";
        }

        if (hash is { } kind && found.Hashes.GetValueOrDefault(kind) is var said && said != Digests.Of(content, kind).Get(kind))
        {
            return $"its {kind.ToString().ToLowerInvariant()} is {said ?? "not told"}";
        }

        return (await rclone.ReadAsync(target, content.Length, cancellationToken)).AsSpan().SequenceEqual(content) ? null : "reading it back gives other bytes";
    }
}
