using Perb.ProxmoxClient;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Pipeline;
using Perb.Scheduler.Store;
using Perb.Transfer;

namespace Perb.Scheduler.Discovery;

/// <summary>
/// Finds archives. The task list and the hook's events are only hints that there may be new ones; the listing of the dump directories is the
/// truth. All end in the same idempotent comparison with the store, so that anything missed at one time is found at the next.
/// </summary>
public sealed class ArchiveDiscovery(
    ProxmoxApi api,
    VzdumpTasks vzdumpTasks,
    HookEvents hook,
    StorageListing storages,
    DiscoveryDiff diff,
    HeldArchives held,
    DiscoveryStore store,
    StatusStore status,
    Troubles troubles,
    PerbOptions options,
    WakeUp wakeUp,
    TimeProvider time,
    ILogger<ArchiveDiscovery> logger) : IDisposable
{
    private const string Subject = Troubles.Discovery;

    private readonly SemaphoreSlim _oneAtATime = new(1);
    private TokenPrivileges? _privileges;
    private bool _isReconcileDue = true;

    /// <summary>A cheap look at the task list; lists the directories only where something may have changed.</summary>
    /// <exception cref="ProxmoxException">The node does not answer, or not as it should.</exception>
    public Task PollAsync(CancellationToken cancellationToken) => AloneAsync(
        async () =>
        {
            if (_isReconcileDue)
            {
                await ReconcileNowAsync(cancellationToken); // the node was away when it should have been done
            }
            else
            {
                await PollNowAsync(cancellationToken);
            }
        },
        cancellationToken);

    /// <summary>A poll, if the hook left events since the last one. A reconcile that is due has its own clock.</summary>
    /// <exception cref="ProxmoxException">The node does not answer, or not as it should; the next poll makes up for it.</exception>
    public Task HearAsync(CancellationToken cancellationToken) => AloneAsync(
        async () =>
        {
            await hook.ReadAsync(cancellationToken);
            if (hook.HasNews && !_isReconcileDue)
            {
                await PollNowAsync(cancellationToken);
            }
        },
        cancellationToken);

    /// <summary>Lists everything, whatever the task list says: what a poll missed, and what no task made.</summary>
    /// <exception cref="ProxmoxException">The node does not answer, or not as it should.</exception>
    public Task ReconcileAsync(CancellationToken cancellationToken) => AloneAsync(
        async () =>
        {
            _isReconcileDue = true;
            await ReconcileNowAsync(cancellationToken);
        },
        cancellationToken);

    public void Dispose() => _oneAtATime.Dispose();

    private async Task AloneAsync(Func<Task> look, CancellationToken cancellationToken)
    {
        await _oneAtATime.WaitAsync(cancellationToken);
        try
        {
            await look();
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    private async Task PollNowAsync(CancellationToken cancellationToken)
    {
        var privileges = _privileges ?? await ReadPrivilegesAsync(cancellationToken);
        var (tasks, ended) = await LookAtTasksAsync(privileges, cancellationToken);
        if (ended.Count > 0 || hook.HasNews || !tasks.IsIdle || await store.NeedsListingAsync(storages.Away, cancellationToken))
        {
            await ListAsync(tasks, new HowFound(tasks, ended, "poll"), cancellationToken);
            await NoteAsync(ended, cancellationToken);
        }

        await status.NoteTimeAsync("last poll", time.GetUtcNow(), cancellationToken);
    }

    private async Task ReconcileNowAsync(CancellationToken cancellationToken)
    {
        var privileges = await ReadPrivilegesAsync(cancellationToken);
        var (tasks, ended) = await LookAtTasksAsync(privileges, cancellationToken);
        await RecordGuestsAsync(privileges, cancellationToken);
        await ListAsync(tasks, new HowFound(tasks, ended, "reconcile"), cancellationToken);
        await NoteAsync(ended, cancellationToken);
        await status.NoteTimeAsync("last reconcile", time.GetUtcNow(), cancellationToken);
        _isReconcileDue = false;
    }

    /// <returns>What the hook and the node say, and which tasks ended that were not noted yet. The listing comes after both.</returns>
    private async Task<(TaskView Tasks, List<ProxmoxTask> Ended)> LookAtTasksAsync(TokenPrivileges privileges, CancellationToken cancellationToken)
    {
        await hook.ReadAsync(cancellationToken);
        var tasks = await vzdumpTasks.LookAsync(privileges.SeesTasks, time.GetUtcNow(), cancellationToken);
        var noted = await store.NotedTasksAsync(cancellationToken);
        return (tasks with { LogEnds = hook.LogEnds }, [.. tasks.Finished.Where(task => !noted.Contains(task.Upid.ToString()))]);
    }

    private async Task<TokenPrivileges> ReadPrivilegesAsync(CancellationToken cancellationToken)
    {
        _privileges = TokenPrivileges.Of(await api.GetPermissionsAsync(cancellationToken), options.Proxmox.Node, options.Discovery.Storages);
        await troubles.SetAsync(Troubles.Privileges, _privileges.Trouble(options.Proxmox.TokenId), cancellationToken);
        return _privileges;
    }

    private async Task RecordGuestsAsync(TokenPrivileges privileges, CancellationToken cancellationToken)
    {
        var guests = privileges.SeesGuests ? await api.GetGuestsAsync(cancellationToken) : [];
        if (!privileges.SeesGuests || await GuestView.IsDoubtfulAsync(guests, status, troubles, cancellationToken))
        {
            await store.NoteGuestsUnseenAsync(cancellationToken);
            return;
        }

        var uncovered = await UncoveredAsync(privileges, cancellationToken);
        var here = guests.Where(guest => guest.Node == options.Proxmox.Node).Select(guest => Known(guest) with
        {
            IsPoolSeen = privileges.SeesPools,
            IsCovered = uncovered is null ? null : !uncovered.Contains(guest.VmId),
        });
        await store.RecordGuestsAsync([.. here], time.GetUtcNow(), cancellationToken);
    }

    /// <summary>
    /// Guests that no vzdump job includes; null where nobody can tell. Asked only with all privileges: without them the answer looks like "all
    /// covered". Nothing waits for it: a job that the node cannot read is no reason to ship nothing.
    /// </summary>
    private async Task<HashSet<int>?> UncoveredAsync(TokenPrivileges privileges, CancellationToken cancellationToken)
    {
        if (!privileges.SeesVzdumpJobs)
        {
            return null;
        }

        try
        {
            return [.. (await api.GetGuestsNotBackedUpAsync(cancellationToken)).Select(guest => guest.VmId)];
        }
        catch (ProxmoxException)
        {
            return null;
        }
    }

    private async Task ListAsync(TaskView tasks, HowFound how, CancellationToken cancellationToken)
    {
        if (_privileges?.Blindness(options.Discovery) is { } blindness)
        {
            await troubles.SetAsync(Subject, blindness, cancellationToken);
            return;
        }

        var known = await store.LoadKnownAsync(cancellationToken);
        var look = await storages.LookAsync(tasks, known.Values, cancellationToken);
        await ShowAbsencesAsync(look.Absences, cancellationToken);

        var guests = NeedsGuests ? (await api.GetGuestsAsync(cancellationToken)).ToDictionary(guest => guest.VmId, Known) : [];
        var now = time.GetUtcNow();
        var listing = new Listing(
            [.. look.Listing.Archives, .. held.RemovedSince(look.Listing)],
            look.Listing.StoragesSpokenFor,
            look.Listing.IsComplete && _privileges is { SeesAllStorages: true });
        var changes = diff.Between(known, listing, guests, now);
        Report(await store.ApplyAsync(changes, how.Of, now, cancellationToken));
        hook.Listed();
        var unsealed = await store.UnsealedAsync(cancellationToken);
        await held.HoldAsync([.. look.Listing.Archives.Where(archive => unsealed.Contains(archive.File))], cancellationToken);
        wakeUp.Ring();
    }

    private bool NeedsGuests => options.Discovery.Include.Concat(options.Discovery.Exclude).Any(rule => rule.NeedsApi);

    private async Task ShowAbsencesAsync(IReadOnlyDictionary<string, string?> absences, CancellationToken cancellationToken)
    {
        await troubles.SetAsync(
            Subject,
            absences.Count > 0 ? null : "no storage with backup content is visible to the token: nothing can be discovered",
            cancellationToken);
        foreach (var (storage, absence) in absences)
        {
            await troubles.SetAsync(Troubles.OfStorage(storage), absence, cancellationToken);
        }

        // A storage that Proxmox no longer has, or that is disabled on purpose, is no trouble any more.
        if (absences.Count > 0)
        {
            await troubles.EndAllButAsync(Troubles.OfStorage(""), absences.Keys.Select(Troubles.OfStorage).ToHashSet(), cancellationToken);
        }
    }

    private async Task NoteAsync(List<ProxmoxTask> ended, CancellationToken cancellationToken)
    {
        await store.NoteTasksAsync(ended, time.GetUtcNow() - (VzdumpTasks.LookBack * 2), cancellationToken);
        foreach (var task in ended.Where(task => task.ExitStatus!.Kind is TaskExitKind.Error or TaskExitKind.Unknown))
        {
            logger.VzdumpTaskFailed(task.Upid.ToString(), Printable.Clean(task.ExitStatus!.Text, 200));
        }
    }

    private void Report(IReadOnlyList<DiscoveryChange> changes)
    {
        foreach (var change in changes)
        {
            switch (change)
            {
                case DiscoveryChange.Found { SkipReason: null } added:
                    logger.ArchiveDiscovered(added.Archive.Name.FileName, added.Archive.Storage!, ByteSize.Format(added.Archive.SizeBytes), added.Remote);
                    if (added.ConflictText is { } text)
                    {
                        logger.NameConflict(text);
                    }

                    break;
                case DiscoveryChange.Found added:
                    logger.ArchiveSkipped(added.Archive.Name.FileName, added.Remote, added.SkipReason);
                    break;
                case DiscoveryChange.SourceGone gone:
                    logger.SourceMissing(gone.Path);
                    break;
                case DiscoveryChange.Conflict conflict:
                    logger.NameConflict(conflict.Text);
                    break;
            }
        }
    }

    private static KnownGuest Known(Guest guest) =>
        new(guest.VmId, guest.Type == GuestType.Qemu ? "qemu" : "lxc", guest.Name, guest.Pool, guest.Tags);
}
