using Perb.Scheduler.Configuration;
using Perb.Scheduler.Store;

namespace Perb.Scheduler.Cli;

/// <summary>Reads the store once and judges every guest against its RPO.</summary>
internal sealed class StatusReport(StatusStore store, UploadStore uploads, PerbOptions options, TimeProvider time)
{
    private const int ShownFailures = 20;

    public async Task<StatusDocument> ReadAsync(CancellationToken cancellationToken) => new(
        new ServiceDocument(
            StateDirectory.IsOwned(options.StateDirectory),
            await store.TimeOfAsync("last poll", cancellationToken),
            await store.TimeOfAsync("last reconcile", cancellationToken)),
        [.. (await store.GuestsAsync(cancellationToken)).Select(Judge)],
        [.. (await store.QueueAsync(cancellationToken)).Select(entry => new QueueDocument(BackupDocument.Of(entry.Backup), entry.Activity))],
        [.. (await store.FailuresAsync(ShownFailures, cancellationToken)).Select(BackupDocument.Of)],
        await store.TroublesAsync(cancellationToken),
        await uploads.HeldAsync(cancellationToken));

    // On every remote: a copy on one is no reason to forget that the other has none.
    private GuestDocument Judge(GuestCopies guest)
    {
        var copies = options.Remotes.Select(remote => guest.Copies.GetValueOrDefault(remote.Name)).ToList();
        var oldest = copies.Contains(null) ? null : copies.MinBy(copy => copy!.ArchiveTime);
        bool? met = guest.Exists is true ? oldest is not null && time.GetUtcNow() - oldest.ArchiveTime <= options.RpoOf(guest.Guest, guest.GuestType) : null;
        return new GuestDocument(
            guest.Guest, guest.GuestType, guest.Name, guest.NewestArchive, oldest?.ArchiveTime, oldest?.VerifiedHow, met, guest.Exists);
    }
}
