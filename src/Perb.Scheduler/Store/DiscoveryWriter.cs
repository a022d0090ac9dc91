using Perb.Scheduler.Backups;
using Perb.Scheduler.Discovery;

namespace Perb.Scheduler.Store;

/// <summary>Writes what discovery found, change by change, within one transaction. Each is judged once more against the row as it is now.</summary>
/// <param name="statements">Of the transaction.</param>
/// <param name="now">The instant that is recorded.</param>
internal sealed class DiscoveryWriter(Statements statements, string now)
{
    /// <summary>Whether it took effect: a worker or a person may have been quicker.</summary>
    /// <param name="change">What a listing changed.</param>
    /// <param name="how">Which source found an archive.</param>
    /// <param name="cancellationToken">Ends it; the transaction is then not to be committed.</param>
    public Task<bool> WriteAsync(DiscoveryChange change, Func<FoundArchive, string> how, CancellationToken cancellationToken) => change switch
    {
        DiscoveryChange.Found added => InsertAsync(added, how(added.Archive), cancellationToken),
        DiscoveryChange.Seen seen => MoveAsync(seen.Id, seen.Archive, cancellationToken),
        DiscoveryChange.Recognised recognised => RecogniseAsync(recognised, cancellationToken),
        DiscoveryChange.Replaced replaced => ReplaceAsync(replaced, cancellationToken),
        DiscoveryChange.Revived revived => ReviveAsync(revived, cancellationToken),
        DiscoveryChange.Skipped skipped => ChangeStateAsync(
            skipped.Id, BackupState.Discovered, BackupState.Skipped, skipped.Reason, cancellationToken),
        DiscoveryChange.SourceGone gone => ChangeStateAsync(
            gone.Id, BackupState.Discovered, BackupState.SourceMissing, $"{gone.Path} disappeared before it was sealed", cancellationToken),
        DiscoveryChange.Conflict conflict => NoteConflictAsync(conflict, cancellationToken),
        DiscoveryChange.ConflictOver over => ClearConflictAsync(over, cancellationToken),
        _ => throw new InvalidOperationException($"unknown change {change.GetType().Name}"),
    };

    public async Task<bool> InsertAsync(DiscoveryChange.Found added, string how, CancellationToken cancellationToken)
    {
        var archive = added.Archive;
        var id = await statements.ScalarAsync<long>(
            """
            INSERT INTO backup (remote, remote_name, guest, guest_type, archive, storage, node, path, size_bytes, modified_at,
                                archive_time, settled, state, discovered_at, failure)
            VALUES (@remote, @remoteName, @guest, @guestType, @archive, @storage, @node, @path, @size, @modified,
                    @time, @settled, @state, @now, @reason)
            ON CONFLICT (remote, remote_name) DO NOTHING
            RETURNING id
            """,
            cancellationToken,
            ("@remote", added.Remote),
            ("@remoteName", archive.Name.RemoteName),
            ("@guest", archive.Name.VmId),
            ("@guestType", archive.Name.GuestType),
            ("@archive", archive.Name.FileName),
            ("@storage", archive.Storage ?? ""),
            ("@node", archive.Node),
            ("@path", archive.Path),
            ("@size", archive.SizeBytes),
            ("@modified", Sql.Instant(archive.ModifiedAt)),
            ("@time", Sql.Instant(archive.Time)),
            ("@settled", archive.IsSettled ? 1 : 0),
            ("@state", (added.SkipReason is null ? BackupState.Discovered : BackupState.Skipped).Word()),
            ("@now", now),
            ("@reason", added.ConflictText ?? added.SkipReason));
        if (id != 0)
        {
            await statements.AddEventAsync(id, now, "discovered", $"{archive.Path}, {how}", cancellationToken);
            if (added.SkipReason is not null)
            {
                await statements.AddEventAsync(id, now, "skipped", added.SkipReason, cancellationToken);
            }

            if (added.ConflictText is not null)
            {
                await statements.AddEventAsync(id, now, "conflict", added.ConflictText, cancellationToken);
            }
        }

        return id != 0;
    }

    // A backup that is being worked on (leased) is left to its worker: what it seals must be what its record says. And what a person shipped
    // from outside of all storages, since the listing was compared, stays there until a person moves it, who does not unsettle it either.
    // Whether other bytes may take the name is judged here once more: it may have been sealed whole, or published, since then.
    public async Task<bool> MoveAsync(
        long id, FoundArchive archive, CancellationToken cancellationToken, bool byHand = false) =>
        await statements.ExecuteAsync(
            $"""
            UPDATE backup SET storage = @storage, node = @node, path = @path, size_bytes = @size, modified_at = @modified, archive = @archive,
                              guest_type = @guestType,
                              settled = max(@settled, @byHand AND settled AND size_bytes = @size AND modified_at = @modified)
            WHERE id = @id AND lease_token IS NULL
              AND (@byHand OR (storage <> '' AND (state IN ('skipped', 'source-missing', 'failed')
                                                  OR (state = 'discovered' AND ((archive = @archive AND size_bytes = @size AND modified_at = @modified)
                                                                                OR NOT {PlanRow.IsAllSealed("backup.id")})))))
            """,
            cancellationToken,
            ("@id", id),
            ("@storage", archive.Storage ?? ""),
            ("@node", archive.Node),
            ("@path", archive.Path),
            ("@size", archive.SizeBytes),
            ("@modified", Sql.Instant(archive.ModifiedAt)),
            ("@archive", archive.Name.FileName),
            ("@guestType", archive.Name.GuestType),
            ("@settled", archive.IsSettled ? 1 : 0),
            ("@byHand", byHand ? 1 : 0)) > 0;

    private async Task<bool> RecogniseAsync(DiscoveryChange.Recognised recognised, CancellationToken cancellationToken) =>
        await statements.ExecuteAsync(
            """
            UPDATE backup SET storage = @storage, node = @node, path = @path, modified_at = @modified, archive = @archive, guest_type = @guestType
            WHERE id = @id AND archive = ''
            """,
            cancellationToken,
            ("@id", recognised.Id),
            ("@storage", recognised.Archive.Storage ?? ""),
            ("@node", recognised.Archive.Node),
            ("@path", recognised.Archive.Path),
            ("@modified", Sql.Instant(recognised.Archive.ModifiedAt)),
            ("@archive", recognised.Archive.Name.FileName),
            ("@guestType", recognised.Archive.Name.GuestType)) > 0;

    private async Task<bool> ReplaceAsync(DiscoveryChange.Replaced replaced, CancellationToken cancellationToken)
    {
        if (!await MoveAsync(replaced.Id, replaced.Archive, cancellationToken))
        {
            return false;
        }

        await statements.AddEventAsync(
            replaced.Id, now, "replaced", $"{replaced.Archive.Path} has other bytes than before", cancellationToken);
        return true;
    }

    private async Task<bool> ReviveAsync(DiscoveryChange.Revived revived, CancellationToken cancellationToken) =>
        await ChangeStateAsync(revived.Id, revived.From, BackupState.Discovered, null, cancellationToken)
        && await MoveAsync(revived.Id, revived.Archive, cancellationToken);

    private async Task<bool> NoteConflictAsync(DiscoveryChange.Conflict conflict, CancellationToken cancellationToken)
    {
        var changed = await statements.ExecuteAsync(
            "UPDATE backup SET failure = @text WHERE id = @id AND failure IS NOT @text",
            cancellationToken,
            ("@id", conflict.Id),
            ("@text", conflict.Text));
        if (changed > 0)
        {
            await statements.AddEventAsync(conflict.Id, now, "conflict", conflict.Text, cancellationToken);
        }

        return changed > 0;
    }

    // Nothing but a conflict is ever written there once a backup is published.
    private async Task<bool> ClearConflictAsync(DiscoveryChange.ConflictOver over, CancellationToken cancellationToken)
    {
        var changed = await statements.ExecuteAsync(
            "UPDATE backup SET failure = NULL WHERE id = @id AND state = @published AND failure IS NOT NULL",
            cancellationToken,
            ("@id", over.Id),
            ("@published", BackupState.Published.Word()));
        if (changed > 0)
        {
            await statements.AddEventAsync(over.Id, now, "conflict over", "nothing of the same name differs any more", cancellationToken);
        }

        return changed > 0;
    }

    // As above: never under a worker's hands, nor over what a person decided or a worker sealed since the listing was compared.
    private async Task<bool> ChangeStateAsync(long id, BackupState from, BackupState to, string? reason, CancellationToken cancellationToken)
    {
        if (!from.MayBecome(to))
        {
            throw new InvalidOperationException($"a backup that is {from.Word()} never becomes {to.Word()}");
        }

        var changed = await statements.ExecuteAsync(
            $"""
            UPDATE backup SET state = @to, failure = @reason, attempt = 0, next_attempt_at = NULL
            WHERE id = @id AND state = @from AND lease_token IS NULL AND storage <> '' AND (@against IS NULL OR by_hand IS NOT @against)
              AND NOT (@to = 'source-missing' AND {PlanRow.IsAllSealed("backup.id")})
            """,
            cancellationToken,
            ("@id", id),
            ("@from", from.Word()),
            ("@to", to.Word()),
            ("@against", to switch { BackupState.Discovered => ByHand.Skip.Word(), BackupState.Skipped => ByHand.Ship.Word(), _ => null }),
            ("@reason", reason));
        if (changed > 0)
        {
            await statements.AddEventAsync(id, now, to.Word(), reason ?? "to be shipped", cancellationToken);
        }

        return changed > 0;
    }
}
