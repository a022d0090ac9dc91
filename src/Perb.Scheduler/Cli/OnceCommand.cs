using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Perb.Scheduler.Backups;
using Perb.Scheduler.Discovery;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Pipeline;
using Perb.Scheduler.Scheduling;
using Perb.Scheduler.Store;

namespace Perb.Scheduler.Cli;

/// <summary><c>perb once</c>: what the service does, until nothing is left that can be done now.</summary>
internal static class OnceCommand
{
    public static Task<ExitCode> RunAsync(string? configuration, CancellationToken cancellationToken) => OwnedHost.UseAsync(
        configuration, LogTarget.StandardError, nodeMustAnswer: true, host => ShipAsync(host, cancellationToken), cancellationToken);

    private static async Task<ExitCode> ShipAsync(IHost host, CancellationToken cancellationToken)
    {
        await host.Services.GetRequiredService<ArchiveDiscovery>().ReconcileAsync(cancellationToken);
        var status = host.Services.GetRequiredService<StatusStore>();
        await status.ClearAsync(JobBoundary.Subject, cancellationToken); // what a service left behind is over

        var result = await OneRun.ShipAsync(host, null, cancellationToken);
        return await CodeOfAsync(result, status, cancellationToken);
    }

    private static async Task<ExitCode> CodeOfAsync(ShippingResult result, StatusStore status, CancellationToken cancellationToken)
    {
        if (result.Refused > 0)
        {
            return ExitCode.Configuration;
        }

        // Those of earlier runs too: a backup that needs a person must not look like success the second time.
        if (result.Failed > 0 || (await status.FailuresAsync(int.MaxValue, cancellationToken)).Any(NeedsPerson))
        {
            return ExitCode.SomeBackupsFailed;
        }

        var waits = result.Waiting > 0
            || (await status.QueueAsync(cancellationToken)).Count > 0
            || (await status.TroublesAsync(cancellationToken))
                .Any(trouble => trouble.Subject.StartsWith(Troubles.OfStorage(""), StringComparison.Ordinal));
        return waits ? await Screen.SayAsync(ExitCode.TryLater, await WhyAsync(status, cancellationToken)) : ExitCode.Ok;
    }

    /// <summary>What is left, and for what the first of it waits.</summary>
    private static async Task<string> WhyAsync(StatusStore status, CancellationToken cancellationToken)
    {
        var troubles = await status.TroublesAsync(cancellationToken);
        if (await status.QueueAsync(cancellationToken) is not [var (first, _), ..] waiting)
        {
            var storage = troubles.FirstOrDefault(trouble => trouble.Subject.StartsWith(Troubles.OfStorage(""), StringComparison.Ordinal));
            return storage is null ? "not everything is done; perb status says more" : $"not everything was looked through: {storage.Subject}: {storage.Text}";
        }

        string[] subjects = [Troubles.OfRemote(first.Remote), Troubles.OfStaging(first.Remote)];
        var trouble = troubles.FirstOrDefault(one => subjects.Contains(one.Subject));
        var reason = trouble is null
            ? first.Failure ?? "vzdump may still write to it, or a limit of the remote says later; perb status says more"
            : $"{trouble.Subject}: {trouble.Text}";
        return $"{waiting.Count} backup(s) wait, {first.RemoteName} to {first.Remote} first: {reason}";
    }

    private static bool NeedsPerson(Backup backup) =>
        backup is { State: BackupState.Failed } or { State: BackupState.Published, Failure: not null };
}
