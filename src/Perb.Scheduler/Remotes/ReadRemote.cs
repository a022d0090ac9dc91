using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using Perb.Transfer;
using Perb.Transfer.Manifests;
using Perb.Transfer.Rclone;
using Perb.Transfer.Signing;

namespace Perb.Scheduler.Remotes;

/// <summary>
/// What lies on a remote, from its listing and its manifests, without any store: one run of rclone for the names, one for some thousand manifests
/// and signatures.
/// </summary>
public sealed class ReadRemote(RcloneProgram rclone, TrustedSigners trusted, TimeProvider time)
{
    private const int MaxManifestBytes = 64 << 20; // the most volumes that a backup may have make some 30 MB
    private const int MostAtOnce = 5000;
    private const long SlackBytes = 1 << 20;

    /// <param name="path">Of the remote.</param>
    /// <param name="namePrefixes">What names have to begin with: <c>100-</c>; none: everything.</param>
    /// <param name="cancellationToken">Stops rclone.</param>
    /// <exception cref="RcloneException">The remote does not answer.</exception>
    public async Task<RemoteInventory> ListAsync(RemotePath path, IReadOnlyList<string> namePrefixes, CancellationToken cancellationToken) =>
        RemoteInventory.Of(await rclone.ListAsync(path, namePrefixes, cancellationToken));

    /// <summary>
    /// Reads the manifests of these sets, in their order; a set without one comes back as it is. However many there are, a bounded part of them is
    /// here at a time.
    /// </summary>
    /// <exception cref="RcloneException">The remote does not answer, or gives more than it listed.</exception>
    public async IAsyncEnumerable<RemoteBackup> ReadAsync(
        RemotePath path, IEnumerable<RemoteSet> sets, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var some in Parts(sets))
        {
            foreach (var backup in await ReadPartAsync(path, some, cancellationToken))
            {
                yield return backup;
            }
        }
    }

    /// <inheritdoc cref="ReadAsync"/>
    public async Task<RemoteBackup> ReadOneAsync(RemotePath path, RemoteSet set, CancellationToken cancellationToken) =>
        (await ReadPartAsync(path, [set], cancellationToken))[0];

    private static IEnumerable<List<RemoteSet>> Parts(IEnumerable<RemoteSet> sets)
    {
        var (part, bytes) = (new List<RemoteSet>(), 0L);
        foreach (var set in sets)
        {
            part.Add(set);
            bytes += BytesToRead(set);
            if (bytes >= MaxManifestBytes || part.Count == MostAtOnce)
            {
                yield return part;
                (part, bytes) = ([], 0);
            }
        }

        if (part.Count > 0)
        {
            yield return part;
        }
    }

    private async Task<List<RemoteBackup>> ReadPartAsync(RemotePath path, List<RemoteSet> sets, CancellationToken cancellationToken)
    {
        var names = sets.SelectMany(FilesToRead).ToList();
        using var files = names.Count == 0
            ? null
            : await rclone.CopyAllFromAsync(path, names, sets.Sum(BytesToRead) + SlackBytes, cancellationToken);
        var backups = new List<RemoteBackup>(sets.Count);
        foreach (var set in sets)
        {
            backups.Add(await OneAsync(set, files, cancellationToken));
        }

        return backups;
    }

    // What does not tell its size may be as large as any manifest.
    private static long BytesToRead(RemoteSet set) => FilesToRead(set).Sum(name => set.Sizes[name] is >= 0 and var size ? size : MaxManifestBytes);

    // What is endless is not even fetched.
    private static IEnumerable<string> FilesToRead(RemoteSet set)
    {
        if (set.HasManifest && set.Sizes[set.ManifestName] <= MaxManifestBytes)
        {
            yield return set.ManifestName;
            if (set.HasSignature && set.Sizes[set.SignatureName] <= TrustedSigners.MaxSignatureBytes)
            {
                yield return set.SignatureName;
            }
        }
    }

    private async Task<RemoteBackup> OneAsync(RemoteSet set, FetchedFiles? files, CancellationToken cancellationToken)
    {
        if (!set.HasManifest)
        {
            return new RemoteBackup(set, null, null);
        }

        if (files is null || await files.ReadAsync(set.ManifestName, MaxManifestBytes, cancellationToken) is not { } content)
        {
            return new RemoteBackup(set, null, $"could not be read (it has {set.Sizes[set.ManifestName]} bytes in the listing)");
        }

        try
        {
            var manifest = Manifest.Parse(Encoding.UTF8.GetString(content));
            if (manifest.RemoteName != set.RemoteName)
            {
                return new RemoteBackup(set, null, $"is the manifest of {Printable.Clean(manifest.RemoteName, 60)}");
            }

            var verdict = trusted.IsEmpty ? null : await VerdictAsync(set, files, content, cancellationToken);
            return new RemoteBackup(set, new ReadManifest(manifest, content.Length, Convert.ToHexStringLower(SHA256.HashData(content)), verdict), null);
        }
        catch (ManifestException exception)
        {
            return new RemoteBackup(set, null, $"is damaged or of a newer perb: {Printable.Clean(exception.Message, 200)}");
        }
    }

    private async Task<SignatureVerdict> VerdictAsync(RemoteSet set, FetchedFiles files, byte[] manifest, CancellationToken cancellationToken) =>
        await files.ReadAsync(set.SignatureName, TrustedSigners.MaxSignatureBytes, cancellationToken) is { } signature
            ? trusted.Verify(manifest, signature, time.GetUtcNow())
            : new SignatureVerdict(null, set.HasSignature ? "is not signed: its signature cannot be read" : "is not signed");
}
