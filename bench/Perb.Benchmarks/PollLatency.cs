using Perb.Scheduler.Store;
using Perb.Simulation;

namespace Perb.Benchmarks;

/// <summary>
/// The same without a hook: from the beginning of the poll that sees a finished vzdump task (its connection to the node) until sealed bytes
/// lie in staging. The node is served by this process, so that it can be told of tasks.
/// </summary>
internal static class PollLatency
{
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(3);

    public static async Task<List<double>> MeasureAsync(Programs programs, int warmUpRounds, int rounds, CancellationToken cancellationToken)
    {
        await using var installation = await Installation.SetUpHereAsync(Poll, cancellationToken);
        await using var perb = new RunningProgram(programs.Perb, ["--config", installation.ConfigurationFile, "run"], "is ready: ");
        await perb.AnnouncedAsync(LatencyBenchmark.Longest, cancellationToken);
        await IdleBenchmark.ReconciledAsync(installation, cancellationToken);
        var database = await Database.OpenForReadingAsync(installation.Settings.Options.StorePath, cancellationToken);
        var status = new StatusStore(database, TimeProvider.System);

        Console.Error.WriteLine($"Measuring {rounds} archives, found by polls…");
        var milliseconds = new List<double>();
        for (var round = -warmUpRounds; round < rounds; round++)
        {
            var took = await OneAsync(installation, installation.Node!, status, 100 + warmUpRounds + round, cancellationToken);
            milliseconds.AddRange(round < 0 ? [] : [took.TotalMilliseconds]);
        }

        return milliseconds;
    }

    private static async Task<TimeSpan> OneAsync(
        Installation installation, SimulatedNode node, StatusStore status, int guest, CancellationToken cancellationToken)
    {
        var began = TimeProvider.System.GetTimestamp();
        var (_, remoteName) = LatencyBenchmark.AddArchive(installation, guest);
        var now = TimeProvider.System.GetUtcNow();
        node.Tasks.AddFinished("vzdump", $"{guest}", "root@pam", "OK", now.AddMinutes(-1), now);
        await LatencyBenchmark.UntilSealedAsync(installation, remoteName, began, cancellationToken);
        var sealedAt = TimeProvider.System.GetUtcNow();
        await LatencyBenchmark.UntilCopiedAsync(installation, remoteName, began, cancellationToken);
        var backup = (await status.ListAsync(null, guest, cancellationToken)).Single(backup => backup.RemoteName == remoteName);
        return sealedAt - installation.Relay!.LastAcceptedBefore(backup.DiscoveredAt);
    }
}
