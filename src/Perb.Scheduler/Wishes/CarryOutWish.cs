using Perb.ProxmoxClient;
using Perb.Scheduler.Backups;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Discovery;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Pipeline;
using Perb.Scheduler.Store;
using Perb.Transfer;

namespace Perb.Scheduler.Wishes;

/// <summary>
/// Does what a person asks for, as far as the store is concerned: the workers do the rest. Only the holder of the state directory's lock
/// does, one wish after the other. Doing one twice is harmless, so it may be cut anywhere.
/// </summary>
public sealed class CarryOutWish(
    ByHandStore store, ArchivesByHand archives, CopiesByHand copies, StatusStore status, UnconfiguredRemotes unconfigured, PerbOptions options, WakeUp wakeUp, ILogger<CarryOutWish> logger)
{
    private IReadOnlyList<string> Configured => [.. options.Remotes.Select(remote => remote.Name)];

    /// <exception cref="ProxmoxException">The node must be asked and does not answer as it should.</exception>
    public async Task<WishOutcome> RunAsync(Wish wish, CancellationToken cancellationToken)
    {
        var outcome = wish.Kind switch
        {
            WishKind.Ship => await ShipAsync(wish, cancellationToken),
            WishKind.Skip => await store.SkipAsync(wish.Backups, cancellationToken),
            WishKind.Retry when wish.All => await store.RetryAllAsync(Configured, cancellationToken),
            WishKind.Retry => await store.RetryAsync(wish.Backups, Configured, cancellationToken),
            WishKind.Prune => await copies.PruneAsync(wish, cancellationToken),
            WishKind.Forget => await copies.ForgetAsync(wish, cancellationToken),
            WishKind.Verify => await copies.VerifyAsync(wish, cancellationToken),
            WishKind.Retire => await copies.RetireAsync(wish, cancellationToken),
            _ => throw new InvalidOperationException($"unknown wish {wish.Kind}"),
        };
        // Of a remote that was refused from the start no backup has failed yet, and a person has perhaps mended it.
        if (wish.Kind is WishKind.Ship or WishKind.Retry && (outcome.Backups.Count > 0 || wish.All))
        {
            await ForgetTroublesAsync(outcome, cancellationToken);
            wakeUp.Push();
        }

        if (wish.Kind == WishKind.Skip && outcome.Backups.Count > 0)
        {
            await unconfigured.CheckAsync(cancellationToken);
        }

        if (outcome.Faults.Count == 0)
        {
            logger.WishCarriedOut(Printable.Clean(wish.InWords(), 300), InWords(outcome)); // a refusal is told by whoever was asked
        }

        return outcome;
    }

    private async Task<WishOutcome> ShipAsync(Wish wish, CancellationToken cancellationToken)
    {
        var remotes = wish.Remotes.Count > 0 ? wish.Remotes : Configured;
        var unknown = remotes.Except(Configured).ToList();
        if (unknown.Count > 0)
        {
            // The command read another configuration than the service did when it started.
            return WishOutcome.Refused(ExitCode.Usage, [.. unknown.Select(remote => $"the service knows no remote {remote}: restart it")]);
        }

        var named = await archives.FindAsync(wish.Paths, wish.Guests, cancellationToken);
        return named switch
        {
            { Faults.Count: > 0 } => WishOutcome.Refused(ExitCode.Usage, named.Faults),
            { NotYet.Count: > 0 } => WishOutcome.Refused(ExitCode.TryLater, named.NotYet),
            _ => await store.ShipAsync(named.Archives, remotes, archives.IsThereAsync, cancellationToken),
        };
    }

    // Said again if it lasts: whoever follows must be able to tell what was so before from what is so now.
    private async Task ForgetTroublesAsync(WishOutcome outcome, CancellationToken cancellationToken)
    {
        var concerned = (await store.LookAsync(outcome.Backups, cancellationToken))
            .Where(known => known.Backup.State is BackupState.Discovered or BackupState.Verified)
            .Select(known => known.Backup.Remote)
            .Distinct();
        foreach (var remote in concerned)
        {
            await status.ClearAsync(Troubles.OfRemote(remote), cancellationToken);
            await status.ClearAsync(Troubles.OfStaging(remote), cancellationToken);
        }
    }

    private static string InWords(WishOutcome outcome)
    {
        string[] words =
        [
            .. outcome.Conflicts,
            outcome.Backups.Count > 0 ? $"backups {string.Join(' ', outcome.Backups)}" : "nothing to do",
        ];
        return Printable.Clean(string.Join("; ", words), 1000);
    }
}
