using Perb.Scheduler.Backups;
using Perb.Scheduler.Pipeline;
using Perb.Scheduler.Remotes;
using Perb.Scheduler.Store;

namespace Perb.Scheduler.Verifying;

/// <summary>What a check of one copy found.</summary>
/// <param name="Proven">How many of its volumes were proven.</param>
/// <param name="Broken">Numbers of the volumes that are missing or wrong.</param>
/// <param name="Fault">Null: nothing is wrong.</param>
public sealed record CopyCheck(int Proven, IReadOnlyList<int> Broken, string? Fault);

/// <summary>
/// Looks at one copy by itself: a listing of its own, in which <c>perb.json</c> is there, says what is missing; the manifest is read; volumes are
/// proven. Proofs are recorded, nothing else is.
/// </summary>
public sealed class CheckCopy(
    LookAtRemote look, ReadRemote remotes, CheckManifest checkManifest, VerifyObject verify, PipelineStore pipeline, VerificationStore store)
{
    /// <param name="backup">A copy, or what was one: of that all volumes are proven.</param>
    /// <param name="remote">Where it lies.</param>
    /// <param name="due">Numbers of volumes to be proven.</param>
    /// <param name="cancellationToken">Stops between two objects.</param>
    /// <exception cref="RemoteVanishedException">The remote is not there any more.</exception>
    /// <exception cref="NameConflictException">Several of its files have one name.</exception>
    public async Task<CopyCheck> RunAsync(Backup backup, ReadyRemote remote, IReadOnlySet<int> due, CancellationToken cancellationToken)
    {
        var objects = await look.RunAsync(backup, remote.Remote, cancellationToken);
        var volumes = await pipeline.LoadVolumesAsync(backup.Id, cancellationToken);
        var missing = volumes.Where(volume => !IsListed(objects, volume)).Select(volume => volume.Number).ToHashSet();
        var (broken, faults, proven) = (new List<int>(), new List<string>(), 0);
        var isCopy = backup.State == BackupState.Published;
        foreach (var volume in volumes.Where(volume => missing.Contains(volume.Number) || (isCopy ? due.Contains(volume.Number) : missing.Count == 0)))
        {
            try
            {
                // Also what the listing does not show: listings of some remotes lag behind.
                var how = await verify.RunAsync(
                    remote, volume.Name, volume.SizeBytes, volume.Digests, cancellationToken, wasSentByUs: volume.UploadedAt is not null);
                await store.RecordProofAsync(backup, volume, how);
                proven++;
            }
            catch (CopyMismatchException exception)
            {
                broken.Add(volume.Number);
                faults.Add(exception.Message);
            }
        }

        var fault = faults.Count > 0 ? $"{faults[0]}{(faults.Count > 1 ? $", and {faults.Count - 1} more volume(s)" : "")}"
            : !isCopy && backup.VolumeCount > volumes.Count ? backup.Failure ?? "not all of its volumes are on record"
            : await ManifestFaultAsync(backup, remote.Remote, objects, cancellationToken);
        return new CopyCheck(proven, broken, fault);
    }

    private static bool IsListed(RemoteObjects objects, VolumeRecord volume) =>
        objects.Sizes.TryGetValue(volume.Name, out var size) && (size < 0 || size == volume.SizeBytes);

    private async Task<string?> ManifestFaultAsync(Backup backup, Remote remote, RemoteObjects objects, CancellationToken cancellationToken)
    {
        var found = await remotes.ReadOneAsync(remote.Path, objects.SetOf(backup), cancellationToken);
        if (await checkManifest.FaultOfAsync(backup, found, cancellationToken) is { } fault)
        {
            return $"{remote.Path}: {fault}";
        }

        await store.RecordManifestAsync(backup, new PublishedManifest(found.Read!.SizeBytes, found.Read.Verdict is { Signer: not null }));
        return null;
    }
}
