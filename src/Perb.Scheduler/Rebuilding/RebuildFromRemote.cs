using Perb.Scheduler.Backups;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Pipeline;
using Perb.Scheduler.Remotes;
using Perb.Scheduler.Store;
using Perb.Transfer.Manifests;
using Perb.Transfer.Rclone;

namespace Perb.Scheduler.Rebuilding;

/// <summary>
/// The store from the remotes alone, by names and manifests, without any private key. On a store that is there it adds what is missing, and
/// says what differs; it changes nothing that is recorded.
/// </summary>
public sealed class RebuildFromRemote(
    RemoteGate gate, ReadRemote read, RebuildStore store, PipelineStore pipeline, PerbOptions options)
{
    /// <param name="section">The remote as it is configured.</param>
    /// <param name="isAdopted">A person says that the path is ours now, whoever marked it.</param>
    /// <param name="cancellationToken">Stops between two backups.</param>
    internal async Task<RebuildDocument> RunAsync(RemoteSection section, bool isAdopted, CancellationToken cancellationToken)
    {
        var remote = Remote.Of(section);
        try
        {
            if (isAdopted)
            {
                await gate.AdoptAsync(remote, cancellationToken);
            }
            else
            {
                await gate.RequireOwnAsync(remote, cancellationToken);
            }

            return await ReadAsync(remote, cancellationToken);
        }
        catch (Exception exception) when (exception is RcloneException or ConfigurationException)
        {
            return new RebuildDocument(section.Name, 0, 0, [], 0, Failure.From(exception).Text);
        }
    }

    private async Task<RebuildDocument> ReadAsync(Remote remote, CancellationToken cancellationToken)
    {
        var inventory = await read.ListAsync(remote.Path, [], cancellationToken);
        var states = await store.StatesAsync(remote.Name, cancellationToken);
        var (added, known, differences) = (0, 0, new List<string>());
        await foreach (var backup in read.ReadAsync(remote.Path, inventory.Sets, cancellationToken))
        {
            states.TryGetValue(backup.RemoteName, out var recorded);
            if (recorded.Id != 0)
            {
                if (await DifferenceAsync(backup, recorded, cancellationToken) is { } difference)
                {
                    differences.Add($"{backup.RemoteName}: {difference}");
                }
                else
                {
                    known++;
                }
            }
            else if (backup is { FaultInWords: null, Read: { } manifest })
            {
                var archiveTime = NodeClock.ToInstant(backup.Set.LocalTime, options.TimeZone);
                added += await store.AddAsync(remote.Name, backup.Set.Guest, manifest, archiveTime, cancellationToken) ? 1 : 0;
            }
            else
            {
                differences.Add($"{backup.RemoteName}: left out: {backup.FaultInWords}");
            }
        }

        var listed = inventory.Sets.Select(set => set.RemoteName).ToHashSet();
        differences.AddRange(states
            .Where(state => state.Value.State == BackupState.Published && !listed.Contains(state.Key))
            .Select(state => $"{state.Key}: published by the record, but nothing of it is on the remote"));
        return new RebuildDocument(remote.Name, added, known, differences, inventory.ForeignFiles, null);
    }

    private async Task<string?> DifferenceAsync(RemoteBackup backup, (long Id, BackupState State) recorded, CancellationToken cancellationToken)
    {
        if (recorded.State != BackupState.Published)
        {
            return backup.Read is null ? null : $"on the remote it is published, by the record it is {recorded.State.Word()}";
        }

        var volumes = await pipeline.LoadVolumesAsync(recorded.Id, cancellationToken);
        return backup.FaultInWords
            ?? (backup.Read!.Manifest.Volumes.Select(volume => volume.Digests.Sha256).SequenceEqual(volumes.Select(volume => volume.Digests.Sha256))
                ? null
                : $"{backup.RemoteName}{Manifest.FileSuffix} names other bytes than the record");
    }
}
