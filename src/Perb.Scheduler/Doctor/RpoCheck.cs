using System.Globalization;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Discovery;

namespace Perb.Scheduler.Doctor;

/// <summary>Whether one round of all guests can get away within the RPO, at the speed that was measured and within the limits that are set.</summary>
internal sealed class RpoCheck(PerbOptions options, StoragesCheck storages, IReadOnlyList<(RemoteSection Remote, RemoteCheck Check)> remotes, TimeProvider time) : ICheck
{
    public string Subject => "rpo";

    public string Fix => "perb status";

    public Task RunAsync(Action<Finding> say, CancellationToken cancellationToken)
    {
        var policy = new CatchUpPolicy(options.Discovery);
        var newest = storages.Archives
            .GroupBy(archive => archive.Name.VmId)
            .Select(guest => guest.MaxBy(archive => archive.Time)!)
            .Where(archive => policy.SkipReason(archive, isNewestOfGuest: true, guest: null, time.GetUtcNow()) is null)
            .ToList();
        var round = newest.Sum(archive => archive.SizeBytes);
        foreach (var (remote, check) in remotes.Where(_ => round > 0))
        {
            if (PerDay(remote, check.Speed) is not { } daily)
            {
                say(Finding.Ok(Subject, $"{remote.Name} was too quick to measure: {ByteSize.Format(round)} of {newest.Count} guests should not be a matter"));
                continue;
            }

            var takes = TimeSpan.FromDays(round / daily);
            var text = string.Create(
                CultureInfo.InvariantCulture,
                $"the newest archives of {newest.Count} guests, {ByteSize.Format(round)}, take {remote.Name} about {Words(takes)}; Rpo is {Words(options.Rpo)}");
            say(takes <= options.Rpo
                ? Finding.Ok(Subject, text)
                : Finding.Warn(Subject, text, "fewer guests (Discovery:Exclude), a longer Rpo, wider limits of the remote, or a faster line"));
        }

        return Task.CompletedTask;
    }

    /// <summary>Bytes; null where nothing limits them that is known.</summary>
    private static double? PerDay(RemoteSection remote, double? speed)
    {
        var open = remote.UploadWindow is { } window ? (window.Until - window.From).TotalDays : 1;
        var limit = remote.BandwidthLimit?.Entries.All(entry => entry.Rates[0] is not null) is true
            ? remote.BandwidthLimit.Entries.Average(entry => (double)entry.Rates[0]!.Value)
            : double.PositiveInfinity;
        var daily = Math.Min(Math.Min(speed ?? double.PositiveInfinity, limit) * 86400 * open, remote.DailyBytes ?? double.PositiveInfinity);
        return double.IsInfinity(daily) ? null : daily;
    }

    private static string Words(TimeSpan span) => span switch
    {
        { TotalDays: >= 2 } => string.Create(CultureInfo.InvariantCulture, $"{span.TotalDays:0.0} days"),
        { TotalHours: >= 1 } => string.Create(CultureInfo.InvariantCulture, $"{span.TotalHours:0.0} hours"),
        { TotalMinutes: <= 1 } => "a minute",
        _ => string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(span.TotalMinutes):0} minutes"),
    };
}
