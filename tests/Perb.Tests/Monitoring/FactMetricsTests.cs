using System.Text;
using Perb.Scheduler.Backups;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Monitoring;
using Perb.Scheduler.Notifying;
using Perb.Scheduler.Safety;
using Perb.Scheduler.Store;
using Perb.Tests.Configuration;
using Perb.Tests.Store;

namespace Perb.Tests.Monitoring;

public sealed class FactMetricsTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 28, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Every_series_is_there_before_anything_happened()
    {
        var text = await TextAsync(Some.Options(), []);

        Assert.All(
            (string[])[
                "perb_alarms{code=\"PERB-REMOTE-01\"} 0",
                "perb_guests{verdict=\"late\"} 0",
                "perb_queue_oldest_seconds{remote=\"gdrive\"} 0",
                "perb_queue_under_way{remote=\"gdrive\",step=\"upload\"} 0",
                "perb_backups{remote=\"gdrive\",state=\"source-missing\"} 0",
                "perb_remote_last_success_timestamp_seconds{remote=\"gdrive\"} 0",
            ],
            line => Assert.Contains(line, text));
    }

    [Fact]
    public async Task A_guest_that_was_never_shipped_has_its_series_too()
    {
        var text = await TextAsync(Some.Options(), [Guest("web", null)]);

        Assert.Contains("perb_guest_rpo_met{guest=\"100\"} 0", text);
        Assert.Contains("perb_guest_alarming{guest=\"100\"} 1", text);
        Assert.Contains("perb_guest_safe_until_timestamp_seconds{guest=\"100\"} 0", text);
        Assert.Contains("perb_guest_newest_copy_timestamp_seconds{guest=\"100\",remote=\"gdrive\"} 0", text);
    }

    [Fact]
    public async Task Times_are_seconds_since_1970()
    {
        var text = await TextAsync(Some.Options(), [Guest("web", Now.AddHours(-1))]);

        Assert.Contains("perb_guest_rpo_met{guest=\"100\"} 1", text);
        Assert.Contains($"perb_guest_safe_until_timestamp_seconds{{guest=\"100\"}} {Now.AddHours(29).ToUnixTimeSeconds()}", text);
        Assert.Contains("perb_guest_rpo_seconds{guest=\"100\"} 108000", text);
    }

    [Fact]
    public async Task Names_appear_only_where_that_is_configured_and_cannot_break_a_line()
    {
        var guest = Guest("a\"} 1\nperb_guests \\ \u202E", Now);

        Assert.DoesNotContain("name=", string.Join('\n', await TextAsync(Some.Options(), [guest])), StringComparison.Ordinal);
        Assert.Contains(
            "perb_guest_info{guest=\"100\",type=\"qemu\",verdict=\"met\",name=\"a\\\"} 1\\\\u{A}perb_guests \\\\ \\\\u{202E}\"} 1",
            await TextAsync(Some.Options("\"Status\": { \"GuestNames\": true }"), [guest]));
    }

    [Fact]
    public async Task What_is_wrong_is_counted_by_its_code()
    {
        var concern = new Concern("k", AlarmCode.Remote, "remote gdrive", null, "h", "t", Now, IsUrgent: true);

        Assert.Contains("perb_alarms{code=\"PERB-REMOTE-01\"} 2", await TextAsync(Some.Options(), [], concern, concern with { Key = "l" }));
    }

    [Fact]
    public async Task What_is_done_is_counted_and_failures_by_class()
    {
        var metrics = new ShippingMetrics(Some.Options());
        Assert.Contains("perb_failures_total{remote=\"gdrive\",class=\"needs-operator\"} 0", await TextAsync(metrics));
        Assert.DoesNotContain("held", string.Join('\n', await TextAsync(metrics)), StringComparison.Ordinal);

        metrics.Sealed("gdrive", 1000, TimeSpan.FromSeconds(3));
        metrics.Uploaded("gdrive", 900, TimeSpan.FromSeconds(30));
        metrics.Failed("gdrive", new Failure(FailureKind.SourceMissing, "gone"));
        metrics.Published("gdrive");

        Assert.All(
            (string[])[
                "perb_sealed_bytes_total{remote=\"gdrive\"} 1000",
                "perb_uploaded_bytes_total{remote=\"gdrive\"} 900",
                "perb_seal_duration_seconds_bucket{remote=\"gdrive\",le=\"4\"} 1",
                "perb_upload_duration_seconds_sum{remote=\"gdrive\"} 30",
                "perb_failures_total{remote=\"gdrive\",class=\"source-missing\"} 1",
                "perb_published_total{remote=\"gdrive\"} 1",
            ],
            line => Assert.Contains(line, TextAsync(metrics).Result));
    }

    private static async Task<string[]> TextAsync(PerbOptions options, IReadOnlyList<GuestSafety> guests, params Concern[] concerns)
    {
        using var text = new MemoryStream();
        var facts = new StatusFacts(Now, Now, null, guests, concerns, [], [], new Stocks([], []));
        await FactMetrics.Of(facts, [], options, "1").CollectAndExportAsTextAsync(text, TestStore.Stop);
        return Encoding.UTF8.GetString(text.ToArray()).Split('\n');
    }

    private static async Task<string[]> TextAsync(ShippingMetrics metrics)
    {
        using var text = new MemoryStream();
        await metrics.WriteAsync(text, TestStore.Stop);
        return Encoding.UTF8.GetString(text.ToArray()).Split('\n');
    }

    private static GuestSafety Guest(string name, DateTimeOffset? newest) => GuestSafety.Of(
        new GuestCopies(100, "qemu", name, true, null, newest is { } at ? new Dictionary<string, CopyProof> { ["gdrive"] = new(at, "hash", at) } : new Dictionary<string, CopyProof>())
        {
            FirstSeenAt = Now.AddYears(-1),
        },
        Some.Options(),
        Now);
}
