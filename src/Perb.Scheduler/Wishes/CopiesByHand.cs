using System.Text.Json;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Retention;
using Perb.Scheduler.Store;
using Perb.Scheduler.Verifying;

namespace Perb.Scheduler.Wishes;

/// <summary>What a person decides about the copies of a remote: prune now, keep a guest's for ever, remove a guest's.</summary>
public sealed class CopiesByHand(PruneRemote prune, VerifyRemote verify, RetentionStore store, PerbOptions options)
{
    public async Task<WishOutcome> PruneAsync(Wish wish, CancellationToken cancellationToken)
    {
        // Named: a remote without a rule is an error. All: it is just not meant.
        var remotes = options.Remotes.Where(remote => wish.Remotes.Count > 0 ? wish.Remotes.Contains(remote.Name) : remote.Retention is not null);
        int? guest = wish.Guests.Count > 0 ? wish.Guests[0] : null;
        return await OutcomeOfAsync(remotes, remote => prune.RunAsync(remote, guest, wish.Yes, cancellationToken));
    }

    public Task<WishOutcome> ForgetAsync(Wish wish, CancellationToken cancellationToken) =>
        OutcomeOfAsync(options.Remotes, remote => prune.ForgetAsync(remote, wish.Guests[0], cancellationToken));

    public async Task<WishOutcome> RetireAsync(Wish wish, CancellationToken cancellationToken)
    {
        await store.SetRetiredAsync(wish.Guests[0], !wish.Undo, cancellationToken);
        return new WishOutcome { Document = "[]" };
    }

    public async Task<WishOutcome> VerifyAsync(Wish wish, CancellationToken cancellationToken)
    {
        int? guest = wish.Guests.Count > 0 ? wish.Guests[0] : null;
        var (document, faults) = (new List<VerifyDocument>(), new List<string>());
        foreach (var section in options.Remotes.Where(remote => wish.Remotes.Count == 0 || wish.Remotes.Contains(remote.Name)))
        {
            var found = await verify.RunAsync(section, new VerifyOrder(guest, Share: 1, wish.Download, wish.Yes), cancellationToken);
            document.AddRange(found.Backups.Select(one => new VerifyDocument(
                section.Name,
                one.Backup.Guest,
                one.Backup.RemoteName,
                one.Result,
                one.Proven,
                one.Backup.VerifiedAt,
                one.Backup.VerifiedHow,
                one.Fault)));
            faults.AddRange(found.Backups.Where(one => one.Fault is not null)
                .Select(one => $"{one.Backup.RemoteName} on {section.Name} is {one.Result}: {one.Fault}"));
            faults.AddRange(found.Fault is { } fault ? [$"{section.Name}: {fault}"] : []);
        }

        return new WishOutcome
        {
            Document = JsonSerializer.Serialize(document, VerifyJson.Default.IReadOnlyListVerifyDocument),
            Conflicts = faults,
            Code = faults.Count > 0 ? ExitCode.Failed : ExitCode.Ok,
        };
    }

    private static async Task<WishOutcome> OutcomeOfAsync(IEnumerable<RemoteSection> remotes, Func<RemoteSection, Task<PruneOutcome>> work)
    {
        var outcomes = new List<PruneOutcome>();
        foreach (var remote in remotes)
        {
            outcomes.Add(await work(remote));
        }

        List<PruneDocument> document = [.. outcomes.SelectMany(outcome => PruneDocument.Of(outcome.Remote, outcome.Decisions))];
        List<string> faults = [.. outcomes.Where(outcome => outcome.Fault is not null).Select(outcome => $"{outcome.Remote}: {outcome.Fault}")];
        return new WishOutcome
        {
            Document = JsonSerializer.Serialize(document, PruneJson.Default.IReadOnlyListPruneDocument),
            Conflicts = faults,
            Code = faults.Count > 0 ? ExitCode.Failed : ExitCode.Ok,
        };
    }
}
