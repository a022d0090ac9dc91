using Perb.Scheduler.Backups;
using Perb.Scheduler.Configuration;
using Perb.Transfer.Hashing;
using Perb.Transfer.Rclone;

namespace Perb.Scheduler.Pipeline;

/// <summary>
/// The proof that an object arrived: size and the best hash that the remote reports against what was recorded before it was sent. That
/// rclone returned 0 proves nothing.
/// </summary>
public sealed class VerifyObject(RcloneProgram rclone)
{
    /// <returns>How it was proven: <c>size</c>, <c>hash</c> or <c>download</c>.</returns>
    /// <exception cref="CopyMismatchException">The remote has something else, or nothing.</exception>
    public async Task<string> RunAsync(
        ReadyRemote remote, string name, long sizeBytes, Digests digests, CancellationToken cancellationToken)
    {
        var path = remote.Remote.ObjectPath(name);
        var hash = remote.Hash is { } kind && digests.Get(kind) is not null ? remote.Hash : null;
        var file = await rclone.StatAsync(path, hash, cancellationToken)
            ?? throw new CopyMismatchException($"{path} is not there although rclone reported success");
        if (file.SizeBytes != sizeBytes)
        {
            throw new CopyMismatchException($"{path} has {file.SizeBytes} bytes, {sizeBytes} were sent");
        }

        if (remote.Remote.Verify == VerifyLevel.Download)
        {
            Compare(path, HashKind.Sha256, await rclone.HashByDownloadAsync(path, HashKind.Sha256, cancellationToken), digests.Sha256);
            return "download";
        }

        if (hash is not { } wanted || !file.Hashes.TryGetValue(wanted, out var reported))
        {
            return "size";
        }

        Compare(path, wanted, reported, digests.Get(wanted)!);
        return "hash";
    }

    private static void Compare(RemotePath path, HashKind kind, string reported, string recorded)
    {
        if (!reported.Equals(recorded, StringComparison.OrdinalIgnoreCase))
        {
            throw new CopyMismatchException($"{path} has {kind.RcloneName()} {reported}, {recorded} was sent");
        }
    }
}
