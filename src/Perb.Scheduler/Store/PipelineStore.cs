using Microsoft.Data.Sqlite;
using Perb.Scheduler.Backups;
using Perb.Transfer.Manifests;
using Perb.Transfer.Sealing;

namespace Perb.Scheduler.Store;

/// <summary>A manifest as it was published; what a listing must show of it from then on.</summary>
public sealed record PublishedManifest(long SizeBytes, bool IsSigned);

/// <summary>
/// The facts that a claim's holder records. Every write names the state and the lease token that it rests on; where they no
/// longer hold, nothing is written. Facts that already happened are recorded without a cancellation token: stopping must not forget them.
/// </summary>
public sealed class PipelineStore(Database database, TimeProvider time)
{
    private string Now => Sql.Instant(time.GetUtcNow());

    public async Task<SealingPlan?> LoadPlanAsync(Backup backup, CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        var plans = await connection.QueryAsync(
            "SELECT * FROM plan WHERE backup_id = @id", row => PlanRow.Map(row, backup), cancellationToken, ("@id", backup.Id));
        return plans.SingleOrDefault();
    }

    public async Task<IReadOnlyList<VolumeRecord>> LoadVolumesAsync(long backupId, CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        return await connection.QueryAsync(
            "SELECT * FROM volume WHERE backup_id = @id ORDER BY number", VolumeRow.Map, cancellationToken, ("@id", backupId));
    }

    /// <summary>Fingerprints of recipients that this installation has sealed to: they stay in use after they expire.</summary>
    public async Task<IReadOnlySet<string>> RecipientsInUseAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        var lists = await connection.QueryAsync("SELECT DISTINCT recipients FROM plan", row => row.GetString(0), cancellationToken);
        return lists.SelectMany(list => list.Split(' ')).ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>Names of sealed volumes whose files belong in staging; anything else there is left over.</summary>
    public async Task<IReadOnlySet<string>> StagedNamesAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        var names = await connection.QueryAsync(
            """
            SELECT b.remote, v.name FROM backup b INDEXED BY backup_open CROSS JOIN volume v ON v.backup_id = b.id
            WHERE v.verified_at IS NULL AND b.state IN ('discovered', 'verified', 'damaged') AND b.state IN ('discovered', 'damaged') AND b.pruning IS NULL
            """,
            row => $"{row.GetString(0)}/{row.GetString(1)}",
            cancellationToken);
        return names.ToHashSet(StringComparer.Ordinal);
    }

    public Task RecordPlanAsync(Claim claim, SealingPlan plan) => RecordAsync(
        claim,
        "planned",
        $"{plan.VolumeCount} volume(s), {plan.Packet.Word()}, recipients {string.Join(' ', plan.RecipientFingerprints)}",
        async connection =>
        {
            await connection.ExecuteAsync("DELETE FROM volume WHERE backup_id = @id", CancellationToken.None, ("@id", claim.Backup.Id));
            await PlanRow.InsertAsync(connection, claim.Backup.Id, plan, Now);
        });

    /// <summary>The archive is no longer the one that was planned: nothing made under the plan may ever be used.</summary>
    public Task VoidPlanAsync(Claim claim, string reason) => RecordAsync(
        claim,
        "plan void",
        reason,
        connection => connection.ExecuteAsync(
            "DELETE FROM volume WHERE backup_id = @id; DELETE FROM plan WHERE backup_id = @id", CancellationToken.None, ("@id", claim.Backup.Id)));

    public async Task<VolumeRecord> RecordSealedAsync(Claim claim, SealedVolume volume)
    {
        await RecordAsync(
            claim,
            "sealed",
            $"{volume.Name}, {volume.SizeBytes} bytes, sha256 {volume.Digests.Sha256}",
            connection => VolumeRow.InsertAsync(connection, claim.Backup.Id, volume, Now));
        return new VolumeRecord(volume.Number, volume.Name, volume.SizeBytes, volume.Digests, time.GetUtcNow(), null, null, null);
    }

    public Task RecordVolumeUploadedAsync(Claim claim, VolumeRecord volume) => RecordAsync(
        claim,
        "uploaded",
        volume.Name,
        async connection =>
        {
            await VolumeRow.SetUploadedAsync(connection, claim.Backup.Id, volume, Now);
            await connection.ExecuteAsync(
                "DELETE FROM uploader WHERE backup_id = @id AND name = @name",
                CancellationToken.None,
                ("@id", claim.Backup.Id),
                ("@name", volume.Name));
        });

    public Task RecordVolumeVerifiedAsync(Claim claim, VolumeRecord volume, VerifyLevel how) => RecordAsync(
        claim,
        "verified",
        $"{volume.Name} by {how.Word()}",
        connection => VolumeRow.SetVerifiedAsync(connection, claim.Backup.Id, volume, Now, how));

    /// <summary>The remote does not have what was recorded: this volume is sealed and sent again.</summary>
    public Task ForgetVolumeAsync(Claim claim, VolumeRecord volume, string reason) => RecordAsync(
        claim,
        "volume void",
        $"{volume.Name}: {reason}",
        connection => connection.ExecuteAsync(
            "DELETE FROM volume WHERE backup_id = @id AND number = @number",
            CancellationToken.None,
            ("@id", claim.Backup.Id),
            ("@number", volume.Number)));

    /// <summary>A copy that was on the remote before this store knew of it, proven volume by volume. Ends the claim.</summary>
    /// <param name="claim">It.</param>
    /// <param name="volumes">All of them.</param>
    /// <param name="how">The proof of the weakest.</param>
    /// <param name="manifest">As it lies there.</param>
    /// <param name="keepsPlan">They were made under the plan on record, if there is one.</param>
    public Task RecordAdoptedAsync(
        Claim claim, IReadOnlyList<ManifestVolume> volumes, VerifyLevel how, PublishedManifest manifest, bool keepsPlan) => RecordAsync(
            claim,
            "published",
            $"{volumes.Count} volume(s) found on the remote and taken over, verified by {how.Word()}",
            async connection =>
            {
                await connection.ExecuteAsync(
                    "DELETE FROM volume WHERE backup_id = @id; DELETE FROM plan WHERE backup_id = @id AND NOT @keeps",
                    CancellationToken.None,
                    ("@id", claim.Backup.Id),
                    ("@keeps", keepsPlan ? 1 : 0));
                for (var index = 0; index < volumes.Count; index++)
                {
                    var volume = new SealedVolume(index + 1, volumes[index].Name, "", volumes[index].SizeBytes, volumes[index].Digests);
                    await VolumeRow.InsertAsync(connection, claim.Backup.Id, volume, Now, how);
                }

                await SetPublishedAsync(connection, claim, how, manifest);
            });

    /// <returns>The claim as it stands after the move.</returns>
    public async Task<Claim> RecordAllVerifiedAsync(Claim claim, VerifyLevel how)
    {
        await RecordAsync(
            claim,
            "verified",
            $"all volumes by {how.Word()}",
            connection => connection.ExecuteAsync(
                "UPDATE backup SET state = 'verified', verified_at = @now, verified_how = @how WHERE id = @id",
                CancellationToken.None,
                ("@id", claim.Backup.Id),
                ("@how", how.Word()),
                ("@now", Now)));
        return claim with { Backup = claim.Backup with { State = BackupState.Verified, VerifiedAt = time.GetUtcNow(), VerifiedHow = how.Word() } };
    }

    /// <summary>A volume that was verified is not there any more, and nothing was published yet: its fact no longer holds.</summary>
    /// <returns>The claim as it stands after the move.</returns>
    public async Task<Claim> RecordUnverifiedAsync(Claim claim)
    {
        await RecordAsync(
            claim,
            "discovered",
            "not all of its volumes are on the remote any more",
            connection => connection.ExecuteAsync(
                "UPDATE backup SET state = 'discovered', verified_at = NULL, verified_how = NULL WHERE id = @id",
                CancellationToken.None,
                ("@id", claim.Backup.Id)));
        return claim with { Backup = claim.Backup with { State = BackupState.Discovered, VerifiedAt = null, VerifiedHow = null } };
    }

    /// <summary>The manifest is on the remote and verified: the backup is a copy. Ends the claim.</summary>
    public Task RecordPublishedAsync(Claim claim, VerifyLevel how, PublishedManifest manifest) => RecordAsync(
        claim, "published", $"verified by {how.Word()}", connection => SetPublishedAsync(connection, claim, how, manifest));

    /// <summary>Hands the backup back unharmed.</summary>
    public Task ReleaseAsync(Claim claim, string reason) => RecordAsync(
        claim,
        "handed back",
        reason,
        connection => connection.ExecuteAsync(
            "UPDATE backup SET lease_token = NULL, lease_until = NULL WHERE id = @id", CancellationToken.None, ("@id", claim.Backup.Id)),
        whateverTheState: true);

    /// <summary>Records a failure and ends the claim: to be tried again at a time, or, without one, a person is needed.</summary>
    public Task RecordFailureAsync(Claim claim, Failure failure, DateTimeOffset? nextAttemptAt) => RecordAsync(
        claim,
        nextAttemptAt is null ? "failed" : "attempt failed",
        failure.Text,
        connection => connection.ExecuteAsync(
            """
            UPDATE backup SET attempt = attempt + 1, unexpected = unexpected + @unexpected, next_attempt_at = @next, failure = @failure,
                              state = CASE WHEN @next IS NULL THEN 'failed' ELSE state END, lease_token = NULL, lease_until = NULL
            WHERE id = @id
            """,
            CancellationToken.None,
            ("@id", claim.Backup.Id),
            ("@failure", failure.Text),
            ("@unexpected", failure.Kind == FailureKind.Unexpected ? 1 : 0),
            ("@next", nextAttemptAt is { } next ? Sql.Instant(next) : null)),
        whateverTheState: true);

    private Task<int> SetPublishedAsync(SqliteConnection connection, Claim claim, VerifyLevel how, PublishedManifest manifest) => connection.ExecuteAsync(
        """
        DELETE FROM uploader WHERE backup_id = @id;
        UPDATE backup SET state = 'published', published_at = @now, verified_at = coalesce(verified_at, @now), verified_how = @how,
                          manifest_bytes = @bytes, is_signed = @signed,
                          attempt = 0, unexpected = 0, next_attempt_at = NULL, failure = NULL,
                          lease_token = NULL, lease_until = NULL
        WHERE id = @id
        """,
        CancellationToken.None,
        ("@id", claim.Backup.Id),
        ("@how", how.Word()),
        ("@bytes", manifest.SizeBytes),
        ("@signed", manifest.IsSigned ? 1 : 0),
        ("@now", Now));

    // A fact rests on the state that it was found in; a failure or a release only on the claim.
    private async Task RecordAsync(
        Claim claim, string kind, string text, Func<SqliteConnection, Task> write, bool whateverTheState = false)
    {
        await using var connection = await database.ConnectAsync(CancellationToken.None);
        await using var transaction = (SqliteTransaction)await connection.BeginTransactionAsync(CancellationToken.None);
        var held = await connection.ExecuteAsync(
            "UPDATE backup SET lease_until = @until WHERE id = @id AND lease_token = @token AND (@state IS NULL OR state = @state)",
            CancellationToken.None,
            ("@until", Sql.Instant(time.GetUtcNow() + Claim.Lease)),
            ("@id", claim.Backup.Id),
            ("@token", claim.Token),
            ("@state", whateverTheState ? null : claim.Backup.State.Word()));
        if (held == 0)
        {
            throw await LeaseLostException.OfAsync(connection, claim);
        }

        await write(connection);
        await connection.AddEventAsync(claim.Backup.Id, Now, kind, text, CancellationToken.None);
        await transaction.CommitAsync(CancellationToken.None);
    }
}
