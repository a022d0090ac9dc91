using Perb.Scheduler.Pipeline;
using Perb.Transfer.Keys;

namespace Perb.Scheduler.Observability;

/// <summary>
/// Says that a key is about to expire, or has: at start and with every reconcile, since a service runs longer than the warning is ahead.
/// Shipping goes on to an expired recipient that was in use; to stop would be the greater harm.
/// </summary>
public sealed class KeyExpiry(
    IReadOnlyList<Recipient> recipients, ManifestSigning signing, Troubles troubles, TimeProvider time)
{
    private static readonly TimeSpan Ahead = TimeSpan.FromDays(30);

    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        var keys = Keys().ToList();
        foreach (var key in keys)
        {
            await troubles.SetAsync(key.Subject, TextFor(key), cancellationToken, needsPerson: key.ExpiresAt < time.GetUtcNow());
        }

        await troubles.EndAllButAsync(Troubles.OfKey(""), keys.Select(key => key.Subject).ToHashSet(), cancellationToken);
    }

    private IEnumerable<ExpiringKey> Keys()
    {
        foreach (var recipient in recipients)
        {
            yield return new ExpiringKey(
                Troubles.OfKey(recipient.SubkeyFingerprint),
                $"{recipient.File} ({recipient.UserId})",
                recipient.ExpiresAt,
                "renew the key and replace the file; shipping goes on");
        }

        if (signing.Key is { } own)
        {
            yield return new ExpiringKey(
                Troubles.OfKey(own.Signer.Fingerprint),
                $"signing key {own.File}, {own.Signer},",
                own.ExpiresAt,
                "extend it, export it again and restart; nothing is published once it has expired");
        }
    }

    private string? TextFor(ExpiringKey key) => (key.ExpiresAt - time.GetUtcNow()) switch
    {
        { Ticks: < 0 } => $"{key.Name} expired on {key.ExpiresAt:yyyy-MM-dd}: {key.WhatToDo}",
        { } left when left < Ahead => $"{key.Name} expires on {key.ExpiresAt:yyyy-MM-dd}: {key.WhatToDo}",
        _ => null,
    };

    private sealed record ExpiringKey(string Subject, string Name, DateTimeOffset? ExpiresAt, string WhatToDo);
}
