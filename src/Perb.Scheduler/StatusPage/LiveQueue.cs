using System.Text.Json;
using System.Text.Json.Serialization;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Monitoring;
using Perb.Scheduler.Pipeline;
using Perb.Scheduler.Store;

namespace Perb.Scheduler.StatusPage;

/// <summary>What the page shows live.</summary>
/// <param name="Working">Backups that are worked on now.</param>
/// <param name="Waiting">How many others wait.</param>
/// <param name="Page">Differs when the rest of the page may have changed.</param>
internal sealed record Live(IReadOnlyList<QueueLine> Working, long Waiting, string Page);

/// <summary>Reads what changes by the second: mostly memory, and three small looks at the store, once a second for all who listen.</summary>
internal sealed class LiveQueue : IDisposable
{
    private readonly Activities _activities;
    private readonly MonitoringStore _monitoring;
    private readonly StatusStore _status;
    private readonly PerbOptions _options;
    private readonly TimeProvider _time;
    private readonly LatestOf<byte[]> _latest;

    public LiveQueue(Activities activities, MonitoringStore monitoring, StatusStore status, PerbOptions options, TimeProvider time)
    {
        (_activities, _monitoring, _status, _options, _time) = (activities, monitoring, status, options, time);
        _latest = new LatestOf<byte[]>(
            async token => JsonSerializer.SerializeToUtf8Bytes(await ReadAsync(token), LiveJson.Default.Live), TimeSpan.FromMilliseconds(500), time);
    }

    public async Task<Live> ReadAsync(CancellationToken cancellationToken)
    {
        var working = _activities.Current
            .OrderBy(entry => entry.Backup.Id)
            .Select(entry => QueueLine.Of(entry.Backup, entry.Activity, _options.Encryption.VolumeBytes))
            .ToList();
        var queued = (await _monitoring.QueuesAsync(cancellationToken)).Sum(queue => queue.Backups);
        var troubles = await _status.TroublesAsync(cancellationToken);
        var page = HashCode.Combine(
            await _monitoring.LastEventAsync(cancellationToken),
            troubles.Aggregate(0, (hash, trouble) => HashCode.Combine(hash, trouble)),
            _time.GetUtcNow().ToUnixTimeSeconds() / 60); // "in 5 h" goes on, too
        return new Live(working, Math.Max(0, queued - working.Count), $"{page:x8}");
    }

    /// <summary>As JSON, on one line.</summary>
    public Task<byte[]> ReadJsonAsync(CancellationToken cancellationToken) => _latest.GetAsync(cancellationToken);

    public void Dispose() => _latest.Dispose();
}

[JsonSerializable(typeof(Live))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
internal sealed partial class LiveJson : JsonSerializerContext;
