using System.Reflection;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Pipeline;

namespace Perb.Scheduler.Monitoring;

/// <summary>What a scrape gets: Prometheus' text format. Made at most once a second, however many scrape.</summary>
internal sealed class MetricsText : IDisposable
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly StatusLook _look;
    private readonly ShippingMetrics _shipping;
    private readonly Activities _activities;
    private readonly PerbOptions _options;
    private readonly LatestOf<byte[]> _latest;

    public MetricsText(StatusLook look, ShippingMetrics shipping, Activities activities, PerbOptions options, TimeProvider time)
    {
        (_look, _shipping, _activities, _options) = (look, shipping, activities, options);
        _latest = new LatestOf<byte[]>(MakeAsync, TimeSpan.FromSeconds(1), time);
        _shipping.AddProcess();
    }

    public Task<byte[]> ReadAsync(CancellationToken cancellationToken) => _latest.GetAsync(cancellationToken);

    public void Dispose() => _latest.Dispose();

    // Two registries, one text: no name is in both.
    internal async Task<byte[]> MakeAsync(CancellationToken cancellationToken)
    {
        var facts = await _look.ReadAsync(cancellationToken);
        var underWay = _activities.Current.Select(entry => (entry.Backup.Remote, entry.Activity.Step));
        using var text = new MemoryStream();
        await FactMetrics.Of(facts, underWay, _options, Version).CollectAndExportAsTextAsync(text, cancellationToken);
        await _shipping.WriteAsync(text, cancellationToken);
        return text.ToArray();
    }

    public static string Version { get; } =
        typeof(MetricsText).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];
}
