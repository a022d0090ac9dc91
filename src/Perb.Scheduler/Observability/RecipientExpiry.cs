using Perb.Scheduler.Store;
using Perb.Transfer.Keys;

namespace Perb.Scheduler.Observability;

/// <summary>
/// Says that a recipient's key is about to expire, or has: at start and with every reconcile, since a service runs longer than the warning
/// is ahead. Shipping goes on to an expired key that was in use; to stop would be the greater harm.
/// </summary>
public sealed class RecipientExpiry(IReadOnlyList<Recipient> recipients, Troubles troubles, StatusStore store, TimeProvider time)
{
    private static readonly TimeSpan Ahead = TimeSpan.FromDays(30);

    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        foreach (var recipient in recipients)
        {
            await troubles.SetAsync(
                Troubles.OfRecipient(recipient.SubkeyFingerprint), TextFor(recipient), cancellationToken, needsPerson: recipient.ExpiresAt < time.GetUtcNow());
        }

        // Of keys that are not configured any more nobody would say that all is well.
        var current = recipients.Select(recipient => Troubles.OfRecipient(recipient.SubkeyFingerprint)).ToHashSet();
        foreach (var trouble in await store.TroublesAsync(cancellationToken))
        {
            if (trouble.Subject.StartsWith(Troubles.OfRecipient(""), StringComparison.Ordinal) && !current.Contains(trouble.Subject))
            {
                await troubles.SetAsync(trouble.Subject, null, cancellationToken);
            }
        }
    }

    private string? TextFor(Recipient recipient) => (recipient.ExpiresAt - time.GetUtcNow()) switch
    {
        null => null,
        { Ticks: < 0 } => $"{recipient.File} ({recipient.UserId}) expired on {recipient.ExpiresAt:yyyy-MM-dd}: renew the key and replace the file; shipping goes on",
        { } left when left < Ahead => $"{recipient.File} ({recipient.UserId}) expires on {recipient.ExpiresAt:yyyy-MM-dd}: renew the key and replace the file; shipping goes on",
        _ => null,
    };
}
