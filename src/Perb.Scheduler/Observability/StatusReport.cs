using Perb.Scheduler.Cli;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Store;

namespace Perb.Scheduler.Observability;

/// <summary>The state of everything as <c>status</c> shows it, on a screen or as JSON (a contract: fields may be added, never changed).</summary>
internal sealed record StatusDocument(
    ServiceDocument Service,
    IReadOnlyList<GuestDocument> Guests,
    IReadOnlyList<QueueDocument> Queue,
    IReadOnlyList<BackupDocument> Failures,
    IReadOnlyList<TroubleDocument> Troubles);

internal sealed record ServiceDocument(bool Running, DateTimeOffset? LastPoll, DateTimeOffset? LastReconcile);

/// <param name="NewestVerified">The newest archive that is a verified copy on every remote; null where one has none.</param>
/// <param name="RpoMet">Null where it cannot be known or does not matter (the guest is gone).</param>
internal sealed record GuestDocument(
    int Guest,
    string GuestType,
    string? Name,
    DateTimeOffset? NewestArchive,
    DateTimeOffset? NewestVerified,
    string? VerifiedHow,
    bool? RpoMet);

internal sealed record QueueDocument(BackupDocument Backup, ActivityDocument? Activity);

internal sealed record ActivityDocument(string Step, int Volume, int VolumeCount, long DoneBytes, long TotalBytes, long BytesPerSecond);

internal sealed record TroubleDocument(string Subject, DateTimeOffset Since, string Text);

/// <summary>Reads the store once and judges every guest against its RPO.</summary>
internal sealed class StatusReport(StatusStore store, PerbOptions options, TimeProvider time)
{
    private const int ShownFailures = 20;

    public async Task<StatusDocument> ReadAsync(CancellationToken cancellationToken) => new(
        new ServiceDocument(
            StateDirectory.IsOwned(options.StateDirectory),
            await store.TimeOfAsync("last poll", cancellationToken),
            await store.TimeOfAsync("last reconcile", cancellationToken)),
        [.. (await store.GuestsAsync(cancellationToken)).Select(Judge)],
        [.. (await store.QueueAsync(cancellationToken)).Select(entry => new QueueDocument(
            BackupDocument.Of(entry.Backup),
            entry.Activity is { } now ? new ActivityDocument(now.Step, now.Volume, now.VolumeCount, now.DoneBytes, now.TotalBytes, now.BytesPerSecond) : null))],
        [.. (await store.FailuresAsync(ShownFailures, cancellationToken)).Select(BackupDocument.Of)],
        [.. (await store.TroublesAsync(cancellationToken)).Select(trouble => new TroubleDocument(trouble.Subject, trouble.Since, trouble.Text))]);

    // On every remote: a copy on one is no reason to forget that the other has none.
    private GuestDocument Judge(GuestCopies guest)
    {
        var copies = options.Remotes.Select(remote => guest.Copies.GetValueOrDefault(remote.Name)).ToList();
        var oldest = copies.Contains(null) ? null : copies.MinBy(copy => copy!.ArchiveTime);
        bool? met = guest.Exists ? oldest is not null && time.GetUtcNow() - oldest.ArchiveTime <= RpoOf(guest) : null;
        return new GuestDocument(
            guest.Guest, guest.GuestType, guest.Name, guest.NewestArchive, oldest?.ArchiveTime, oldest?.VerifiedHow, met);
    }

    private TimeSpan RpoOf(GuestCopies guest) => options.RpoOverrides
        .FirstOrDefault(entry => entry.Guests.Any(rule => rule.Matches(guest.Guest, guest.GuestType, null, new HashSet<string>())))
        ?.Rpo ?? options.Rpo;
}
