using Perb.Scheduler.Backups;
using Perb.Transfer;
using Perb.Transfer.Hashing;
using Perb.Transfer.Rclone;

namespace Perb.Scheduler.Pipeline;

/// <summary>
/// The proof that an object arrived: size and the best hash that the remote reports against what was recorded before it was sent. That
/// rclone returned 0 proves nothing.
/// </summary>
public sealed class VerifyObject(RcloneProgram rclone)
{
    // Of what is smaller, the run of rclone that is needed anyway may as well report the hash.
    private const long WorthReadingBytes = 16 << 20;

    /// <param name="remote">How it must be proven, and which hash it can report.</param>
    /// <param name="name">The object.</param>
    /// <param name="sizeBytes">What it must have.</param>
    /// <param name="digests">What its bytes must be.</param>
    /// <param name="cancellationToken">Stops the question.</param>
    /// <param name="wasSentByUs">False: its size alone proves nothing, what cannot be proven by hash is downloaded.</param>
    /// <exception cref="CopyMismatchException">The remote has something else, or nothing.</exception>
    public async Task<VerifyLevel> RunAsync(
        ReadyRemote remote, string name, long sizeBytes, Digests digests, CancellationToken cancellationToken, bool wasSentByUs = true)
    {
        var path = remote.Remote.ObjectPath(name);
        var hash = remote.Remote.Verify == VerifyLevel.Hash && remote.Hash is { } kind && digests.Get(kind) is not null ? remote.Hash : null;
        var local = hash is not null && sizeBytes >= WorthReadingBytes ? await rclone.FindInPlaceAsync(remote.LocalRoot, name, sizeBytes, cancellationToken) : null;
        var file = await rclone.StatAsync(path, local is null ? hash : null, cancellationToken)
            ?? throw new CopyMismatchException($"{path} is not there although it was sent");
        if (file.SizeBytes != sizeBytes)
        {
            throw new CopyMismatchException($"{path} has {file.SizeBytes} bytes, it must have {sizeBytes}");
        }

        var reported = hash is not { } wanted ? null
            : local is not null ? await rclone.HashInPlaceAsync(local, wanted, sizeBytes, cancellationToken)
            : file.Hashes.GetValueOrDefault(wanted);
        if (remote.Remote.Verify == VerifyLevel.Download || (reported is null && !wasSentByUs))
        {
            Compare(path, HashKind.Sha256, await rclone.HashByDownloadAsync(path, HashKind.Sha256, sizeBytes, cancellationToken), digests.Sha256);
            return VerifyLevel.Download;
        }

        if (reported is null)
        {
            return VerifyLevel.Size;
        }

        Compare(path, hash!.Value, reported, digests.Get(hash.Value)!);
        return VerifyLevel.Hash;
    }

    private static void Compare(RemotePath path, HashKind kind, string reported, string recorded)
    {
        if (!reported.Equals(recorded, StringComparison.OrdinalIgnoreCase))
        {
            throw new CopyMismatchException($"{path} has {kind.RcloneName()} {Printable.Clean(reported, 80)}, it must have {recorded}");
        }
    }
}
