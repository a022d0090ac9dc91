using Perb.Scheduler.Configuration;
using Perb.Scheduler.Safety;
using Perb.Scheduler.Store;

namespace Perb.Scheduler.Cli;

/// <summary>Reads the store once: what <c>status</c> shows.</summary>
internal sealed class StatusReport(StatusStore store, UploadStore uploads, PerbOptions options, TimeProvider time)
{
    private const int ShownFailures = 20;

    public async Task<StatusDocument> ReadAsync(CancellationToken cancellationToken) => new(
        new ServiceDocument(
            StateDirectory.IsOwned(options.StateDirectory),
            await store.TimeOfAsync("last poll", cancellationToken),
            await store.TimeOfAsync("last reconcile", cancellationToken)),
        [.. (await new SafetyReport(store, options, time).ReadAsync(cancellationToken)).Select(GuestDocument.Of)],
        [.. (await store.QueueAsync(cancellationToken)).Select(entry => new QueueDocument(BackupDocument.Of(entry.Backup), entry.Activity))],
        [.. (await store.FailuresAsync(ShownFailures, cancellationToken)).Select(BackupDocument.Of)],
        await store.TroublesAsync(cancellationToken),
        await uploads.HeldAsync(cancellationToken));
}
