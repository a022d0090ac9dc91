using System.Globalization;
using Microsoft.Data.Sqlite;
using Perb.Scheduler.Backups;
using Perb.Scheduler.Remotes;
using Perb.Transfer.Sealing;

namespace Perb.Scheduler.Store;

/// <summary>What a remote says that this store did not know.</summary>
public sealed class RebuildStore(Database database, TimeProvider time)
{
    /// <summary>
    /// A backup that a manifest on the remote speaks of, as published and not verified: it counts for nothing before <c>perb verify</c>. What
    /// is inside the encryption (name, type) stays empty until the archive itself is seen.
    /// </summary>
    /// <returns>False: the store has a backup of that name already.</returns>
    public async Task<bool> AddAsync(string remote, int guest, ReadManifest read, DateTimeOffset archiveTime, CancellationToken cancellationToken)
    {
        var (manifest, now) = (read.Manifest, Sql.Instant(time.GetUtcNow()));
        await using var connection = await database.ConnectAsync(cancellationToken);
        await using var transaction = (SqliteTransaction)await connection.BeginTransactionAsync(cancellationToken);
        var id = await connection.ScalarAsync<long>(
            """
            INSERT INTO backup (remote, remote_name, guest, guest_type, archive, storage, node, path, size_bytes, modified_at, archive_time,
                                settled, state, discovered_at, published_at, noted, manifest_bytes, is_signed)
            VALUES (@remote, @name, @guest, coalesce((SELECT guest_type FROM guest WHERE vm_id = @guest), ''), '', '', '', '', @size, @modified, @time,
                    1, 'published', @now, @now, @now, @bytes, @signed)
            ON CONFLICT (remote, remote_name) DO NOTHING RETURNING id
            """,
            cancellationToken,
            ("@remote", remote),
            ("@name", manifest.RemoteName),
            ("@guest", guest),
            ("@size", manifest.ArchiveBytes),
            ("@modified", Sql.Instant(manifest.ArchiveModifiedAt)),
            ("@time", Sql.Instant(archiveTime)),
            ("@now", now),
            ("@bytes", read.SizeBytes),
            ("@signed", read.Verdict is { Signer: not null } ? 1 : 0));
        if (id == 0)
        {
            return false;
        }

        foreach (var (index, volume) in manifest.Volumes.Index())
        {
            await VolumeRow.InsertAsync(connection, id, new SealedVolume(index + 1, volume.Name, "", volume.SizeBytes, volume.Digests), now);
        }

        await connection.AddEventAsync(
            id, now, "rebuilt", string.Create(CultureInfo.InvariantCulture, $"{manifest.Volumes.Count} volume(s) by the manifest on the remote"), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    /// <summary>States of a remote's backups by their names there.</summary>
    public async Task<IReadOnlyDictionary<string, (long Id, BackupState State)>> StatesAsync(string remote, CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        return (await connection.QueryAsync(
            "SELECT id, remote_name, state FROM backup WHERE remote = @remote",
            row => (Name: row.Text("remote_name"), Id: row.Number("id"), State: BackupStates.FromWord(row.Text("state"))),
            cancellationToken,
            ("@remote", remote))).ToDictionary(row => row.Name, row => (row.Id, row.State));
    }
}
