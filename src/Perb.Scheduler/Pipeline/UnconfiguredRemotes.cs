using Perb.Scheduler.Configuration;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Store;

namespace Perb.Scheduler.Pipeline;

/// <summary>
/// Remotes that the store knows and the configuration does not name any more: nobody else would say that their troubles are over, or that
/// backups wait for them in vain.
/// </summary>
public sealed class UnconfiguredRemotes(StatusStore store, Troubles troubles, PerbOptions options)
{
    private const int ShownIds = 20;

    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        var configured = options.Remotes.Select(remote => remote.Name).ToHashSet();
        var waiting = (await store.QueueAsync(cancellationToken))
            .Select(entry => entry.Backup)
            .Where(backup => !configured.Contains(backup.Remote))
            .ToLookup(backup => backup.Remote, backup => backup.Id);
        foreach (var remote in waiting)
        {
            await troubles.SetAsync(Troubles.OfRemote(remote.Key), InWords([.. remote]), cancellationToken, needsPerson: true);
        }

        await EndOthersAsync(Troubles.OfRemote, [.. configured, .. waiting.Select(remote => remote.Key)], cancellationToken);
        await EndOthersAsync(Troubles.OfPrune, configured, cancellationToken);
        await EndOthersAsync(Troubles.OfStaging, [], cancellationToken); // whoever meets it says so again; perhaps nobody needs room now
    }

    private Task EndOthersAsync(Func<string, string> subject, IEnumerable<string> remotes, CancellationToken cancellationToken) =>
        troubles.EndAllButAsync(subject(""), remotes.Select(subject).ToHashSet(), cancellationToken);

    private static string InWords(IReadOnlyList<long> ids) =>
        $"is not in the configuration any more; {ids.Count} backup(s) wait for it: put it back, or perb skip "
        + string.Join(' ', ids.Order().Take(ShownIds)) + (ids.Count > ShownIds ? " …" : "");
}
