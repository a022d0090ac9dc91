using System.Globalization;
using Perb.Scheduler.Backups;
using Perb.Scheduler.Configuration;
using Prometheus;

namespace Perb.Scheduler.Monitoring;

/// <summary>
/// What was done since the service started, counted while it is done. Every series is there from the start, with 0: the first failure is then a
/// change that a rule can see.
/// </summary>
public sealed class ShippingMetrics
{
    private readonly CollectorRegistry _registry = Metrics.NewCustomRegistry();
    private readonly Counter _sealedBytes;
    private readonly Counter _uploadedBytes;
    private readonly Counter _published;
    private readonly Counter _failures;
    private readonly Histogram _sealSeconds;
    private readonly Histogram _uploadSeconds;

    public ShippingMetrics(PerbOptions options)
    {
        var metrics = Metrics.WithCustomRegistry(_registry);
        var durations = new HistogramConfiguration { Buckets = Histogram.ExponentialBuckets(1, 2, 13) };
        _sealedBytes = metrics.CreateCounter("perb_sealed_bytes_total", "Bytes of sealed volumes, since the service started.", ["remote"]);
        _uploadedBytes = metrics.CreateCounter("perb_uploaded_bytes_total", "Bytes of uploaded volumes, since the service started.", ["remote"]);
        _published = metrics.CreateCounter("perb_published_total", "Backups published, since the service started.", ["remote"]);
        _failures = metrics.CreateCounter("perb_failures_total", "Attempts at a backup that failed, by class, since the service started.", ["remote", "class"]);
        _sealSeconds = metrics.CreateHistogram("perb_seal_duration_seconds", "How long a volume took to be sealed.", ["remote"], durations);
        _uploadSeconds = metrics.CreateHistogram("perb_upload_duration_seconds", "How long a volume took to be uploaded.", ["remote"], durations);
        foreach (var remote in options.Remotes)
        {
            foreach (var counter in (Counter[])[_sealedBytes, _uploadedBytes, _published])
            {
                counter.WithLabels(remote.Name).Publish();
            }

            foreach (var kind in FailureClasses)
            {
                _failures.WithLabels(remote.Name, kind).Publish();
            }

            _sealSeconds.WithLabels(remote.Name).Publish();
            _uploadSeconds.WithLabels(remote.Name).Publish();
        }
    }

    private static IEnumerable<string> FailureClasses => Enum.GetValues<FailureKind>().Where(kind => kind != FailureKind.HeldBack).Select(Word);

    public void Sealed(string remote, long bytes, TimeSpan took)
    {
        _sealedBytes.WithLabels(remote).Inc(bytes);
        _sealSeconds.WithLabels(remote).Observe(took.TotalSeconds);
    }

    public void Uploaded(string remote, long bytes, TimeSpan took)
    {
        _uploadedBytes.WithLabels(remote).Inc(bytes);
        _uploadSeconds.WithLabels(remote).Observe(took.TotalSeconds);
    }

    public void Published(string remote) => _published.WithLabels(remote).Inc();

    public void Failed(string remote, Failure failure) => _failures.WithLabels(remote, Word(failure.Kind)).Inc();

    /// <summary>With what the runtime says of the process.</summary>
    internal void AddProcess() => DotNetStats.Register(_registry);

    internal Task WriteAsync(Stream to, CancellationToken cancellationToken) => _registry.CollectAndExportAsTextAsync(to, cancellationToken);

    // "needs-operator", as the design has them.
    private static string Word(FailureKind kind) => string.Concat(kind.ToString().Select((character, index) =>
        char.IsAsciiLetterUpper(character) && index > 0
            ? $"-{char.ToLowerInvariant(character)}"
            : char.ToLowerInvariant(character).ToString(CultureInfo.InvariantCulture)));
}
