using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Perb.IntegrationTests.Installation;
using Perb.IntegrationTests.Transfer;
using Perb.TestKit;

namespace Perb.IntegrationTests.Monitoring;

/// <summary>What the running service exports, before the real Prometheus and beside the dashboard and the rules that are shipped.</summary>
public sealed partial class MetricsTests(SharedKey key) : IClassFixture<SharedKey>
{
    private static readonly string[] FromPrometheus = ["instance", "job"];

    [Fact]
    public async Task Success_and_failure_are_counted_and_no_name_of_a_guest_leaks()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        perb.AddContainer(101, "secret-project");
        var rclone = perb.ConfigureFaulty(("Status:Listen", "127.0.0.1:0"));
        rclone.Refuses("*copyto*101-*.enc*");
        await using var page = await ServedPage.OfAsync(perb);

        await perb.BackUpAsync(TestContext.Current.CancellationToken, 101);
        await Eventually.HoldsAsync("the failure is counted", async () => Value(await page.ReadAsync("/metrics"), "perb_failures_total{remote=\"offsite\",class=\"transient\"}") > 0);
        await Eventually.HoldsAsync("the remote is trouble", async () => Value(await page.ReadAsync("/metrics"), "perb_alarms{code=\"PERB-REMOTE-01\"}") == 1);
        var failed = await page.ReadAsync("/metrics");
        Assert.Equal(0, Value(failed, "perb_guest_rpo_met{guest=\"101\"}"));
        Assert.Equal(1, Value(failed, "perb_queue_backups{remote=\"offsite\"}"));

        rclone.Mend();
        Assert.Equal(0, (await perb.RunAsync("retry", "--all")).ExitCode);
        await Eventually.HoldsAsync("the guest is safe", async () => Value(await page.ReadAsync("/metrics"), "perb_guest_rpo_met{guest=\"101\"}") == 1);
        await Eventually.HoldsAsync("the copy is counted", async () => Value(await page.ReadAsync("/metrics"), "perb_remote_copies{remote=\"offsite\"}") == 1);
        var shipped = await page.ReadAsync("/metrics");
        var onRemote = new DirectoryInfo(perb.RemoteFolder).EnumerateFiles("*.enc").Sum(file => file.Length);
        Assert.Equal(onRemote, Value(shipped, "perb_remote_bytes{remote=\"offsite\"}"));
        Assert.Equal(onRemote, Value(shipped, "perb_uploaded_bytes_total{remote=\"offsite\"}"));
        Assert.True(Value(shipped, "perb_upload_duration_seconds_count{remote=\"offsite\"}") >= 1);
        Assert.Equal(1, Value(shipped, "perb_published_total{remote=\"offsite\"}"));
        Assert.All([failed, shipped, await page.ReadAsync("/")], text => Assert.DoesNotContain("secret-project", text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Promtool_finds_nothing_to_say_about_the_metrics_and_the_rules()
    {
        Prometheus.Require();
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        perb.AddContainer(101, "a\"b\\c");
        await using var page = await ServedPage.StartAsync(perb, ("Status:GuestNames", true));
        await Eventually.HoldsAsync("the guest is seen", async () => (await page.ReadAsync("/metrics")).Contains("perb_guest_info{guest=\"101\"", StringComparison.Ordinal));

        Assert.Equal((0, "", ""), await Prometheus.PromtoolAsync(await page.ReadAsync("/metrics"), "check", "metrics"));
        var (exitCode, output, errors) = await Prometheus.PromtoolAsync("", "check", "rules", Rules);
        Assert.True(exitCode == 0, output + errors);
        (exitCode, output, errors) = await Prometheus.PromtoolAsync("", "test", "rules", Repository.PathOf("docs", "monitoring", "alerts.test.yml"));
        Assert.True(exitCode == 0, output + errors);
    }

    [Fact]
    public async Task Every_query_of_dashboard_and_rules_asks_for_series_that_are_exported()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        perb.AddContainer(101, "web");
        await using var page = await ServedPage.StartAsync(perb, ("Status:GuestNames", true));
        await Eventually.HoldsAsync("the guest is seen", async () => (await page.ReadAsync("/metrics")).Contains("perb_guest_info{guest=\"101\"", StringComparison.Ordinal));
        var exported = SeriesOf(await page.ReadAsync("/metrics"));
        exported["up"] = [];

        foreach (var query in RuleQueries().Concat(DashboardQueries()))
        {
            var asked = NamePattern().Matches(query).Select(match => match.Value).ToList();
            Assert.NotEmpty(asked);
            Assert.All(asked, name => Assert.True(exported.ContainsKey(name), $"{name} is not exported: {query}"));
            var labels = asked.SelectMany(name => exported[name]).Concat(FromPrometheus).ToHashSet();
            Assert.All(LabelsIn(query), label => Assert.True(labels.Contains(label), $"no series has the label {label}: {query}"));
        }
    }

    [Fact]
    [Trait("Suite", "long")]
    public async Task The_real_prometheus_scrapes_it_and_answers_every_query_of_the_dashboard()
    {
        Prometheus.Require();
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        perb.AddContainer(101, "web");
        await using var page = await ServedPage.StartAsync(perb, [.. ServedPage.Protect(perb, "0123456789abcdef0123456789abcdef")]);
        await perb.BackUpAsync(TestContext.Current.CancellationToken, 101);
        await page.Service.SaysAsync("Published 101-");

        await using var prometheus = Prometheus.Start(perb, page.Url, Rules);
        await Eventually.HoldsAsync("it was scraped", async () => await prometheus.CountAsync("up{job=\"perb\"} == 1 and on () perb_guest_rpo_met == 1") == 1);
        await Eventually.HoldsAsync("it was scraped twice", async () => await prometheus.CountAsync("rate(perb_published_total[1m])") == 1);

        foreach (var query in DashboardQueries())
        {
            var filled = query.Replace("$instance", ".*", StringComparison.Ordinal).Replace("$__rate_interval", "1m", StringComparison.Ordinal);
            var isEmptyByRight = query.Contains("histogram_quantile", StringComparison.Ordinal) || query.EndsWith("> 0", StringComparison.Ordinal);
            Assert.True(await prometheus.CountAsync(filled) > 0 || isEmptyByRight, $"nothing answers {filled}");
        }

        // While it starts nothing was polled yet, which is no alarm before it lasts.
        Assert.Empty(await prometheus.ValuesAsync("alertname", "ALERTS{alertstate=\"firing\"}"));
    }

    private static string Rules => Repository.PathOf("docs", "monitoring", "alerts.yml");

    private static IEnumerable<string> RuleQueries() =>
        File.ReadLines(Rules).Select(line => line.Trim()).Where(line => line.StartsWith("expr: ", StringComparison.Ordinal)).Select(line => line["expr: ".Length..]);

    private static IEnumerable<string> DashboardQueries() =>
        JsonNode.Parse(File.ReadAllText(Repository.PathOf("docs", "monitoring", "grafana-dashboard.json")))!["panels"]!.AsArray()
            .SelectMany(panel => panel!["targets"]!.AsArray().Select(target => (string)target!["expr"]!));

    /// <summary>The labels of each series, of all its lines.</summary>
    private static Dictionary<string, HashSet<string>> SeriesOf(string text)
    {
        var series = new Dictionary<string, HashSet<string>>();
        foreach (var match in SeriesPattern().Matches(text).Cast<Match>())
        {
            var name = match.Groups["name"].Value;
            series.TryAdd(name, []);
            series[name].UnionWith(LabelPattern().Matches(match.Groups["labels"].Value).Select(label => label.Groups[1].Value));
        }

        return series;
    }

    private static IEnumerable<string> LabelsIn(string query) => LabelPattern().Matches(query).Select(match => match.Groups[1].Value)
        .Concat(ListPattern().Matches(query).SelectMany(match => match.Groups[1].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)));

    private static double Value(string text, string series) => text.Split('\n')
        .Where(line => line.StartsWith(series + " ", StringComparison.Ordinal))
        .Select(line => double.Parse(line[(series.Length + 1)..], System.Globalization.CultureInfo.InvariantCulture))
        .SingleOrDefault(double.NaN);

    [GeneratedRegex(@"^(?<name>[a-z_]+)(\{(?<labels>.*)\})? ", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex SeriesPattern();

    [GeneratedRegex(@"\b(?:perb|process|dotnet)_[a-z_]+\b|\bup\b")]
    private static partial Regex NamePattern();

    [GeneratedRegex("([a-z_]+)(?:=~|!~|!=|=)\"")]
    private static partial Regex LabelPattern();

    [GeneratedRegex(@"\b(?:by|on|ignoring|group_left|without) ?\(([^)]*)\)")]
    private static partial Regex ListPattern();
}
