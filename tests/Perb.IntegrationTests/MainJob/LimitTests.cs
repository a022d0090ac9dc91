using System.Globalization;
using System.Text.Json.Nodes;
using Perb.IntegrationTests.Installation;
using Perb.IntegrationTests.Transfer;

namespace Perb.IntegrationTests.MainJob;

/// <summary><c>UploadWindow</c>, <c>DailyLimit</c>, <c>Uploads</c> and the quota of a provider: what waits says until when, and nothing is a failure.</summary>
public sealed class LimitTests(SharedKey key) : IClassFixture<SharedKey>
{
    private const int TryLater = 75;
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    [Fact]
    public async Task Outside_its_window_a_remote_is_sent_nothing_and_status_says_until_when()
    {
        await using var perb = await StartAsync();
        var zone = ZoneAtNoon();
        perb.Configure(("TimeZone", zone), ("Remotes:0:UploadWindow", "22:00-06:00"));
        var empty = await perb.RunAsync("once");
        Assert.True(empty.ExitCode == 0, empty.Errors); // nothing waits for the window
        var name = perb.AddArchive(101, Hour);

        var once = await perb.RunAsync("once");

        Assert.True(once.ExitCode == TryLater, $"{once.ExitCode}: {once.Errors}");
        OneLine.NoTrace(once);
        Assert.Empty(perb.Objects());
        var status = await perb.StatusAsync();
        var held = Assert.Single(status["heldBack"]!.AsArray())!;
        Assert.Equal(("offsite", "its UploadWindow is 22:00-06:00"), ((string)held["remote"]!, (string)held["why"]!));
        var until = TimeZoneInfo.ConvertTime((DateTimeOffset)held["until"]!, TimeZoneInfo.FindSystemTimeZoneById(zone));
        Assert.Equal("22:00", until.ToString("HH:mm", CultureInfo.InvariantCulture));
        AssertWaits(Assert.Single(status["queue"]!.AsArray())!["backup"]!);
        Assert.Empty(status["troubles"]!.AsArray());
        Assert.Contains(
            $"Remote offsite: its UploadWindow is 22:00-06:00; nothing is sent before {until:yyyy-MM-dd} 22:00:00",
            (await perb.RunAsync("status")).Ok().Output,
            StringComparison.Ordinal);

        perb.Configure(("TimeZone", zone), ("Remotes:0:UploadWindow", "06:00-22:00"));
        (await perb.RunAsync("once")).Ok();
        perb.AssertWhole(name, volumes: 1);
        Assert.Empty((await perb.StatusAsync())["heldBack"]!.AsArray());
    }

    [Fact]
    public async Task A_day_s_bytes_are_counted_across_runs_and_what_waits_for_the_next_day_has_not_failed()
    {
        await using var perb = await StartAsync();
        var name = perb.AddArchive(101, Hour, (4 * (4 << 20)) - 100_000);
        var zone = ZoneAtNoon();
        var rclone = perb.ConfigureFaulty(("TimeZone", zone), ("Remotes:0:DailyLimit", "9MiB"));

        var first = await perb.RunAsync("once");

        Assert.True(first.ExitCode == TryLater, $"{first.ExitCode}: {first.Errors}");
        Assert.Equal(2, Sent(perb));
        for (var again = 0; again < 2; again++)
        {
            var next = await perb.RunAsync("once");
            Assert.True(next.ExitCode == TryLater, $"{next.ExitCode}: {next.Errors}");
            OneLine.NoTrace(next);
            Assert.Equal(2, Sent(perb));
        }

        await using (var service = perb.Run())
        {
            await service.SaysAsync("its DailyLimit of 9.00 MiB is used up");
            Assert.Equal(0, await service.TerminateAsync());
        }

        Assert.Equal(2, PerbInstallation.ObjectsOf(name, 4).Sum(rclone.Copies));
        var status = await perb.StatusAsync();
        AssertWaits(Assert.Single(status["queue"]!.AsArray())!["backup"]!);
        Assert.Empty(status["failures"]!.AsArray());
        var held = Assert.Single(status["heldBack"]!.AsArray())!;
        Assert.Equal(0, TimeZoneInfo.ConvertTime((DateTimeOffset)held["until"]!, TimeZoneInfo.FindSystemTimeZoneById(zone)).Hour);

        perb.Configure(("TimeZone", zone));
        (await perb.RunAsync("once")).Ok();
        perb.AssertWhole(name, volumes: 4);
    }

    [Fact]
    public async Task What_is_being_sent_is_sent_to_its_end_although_the_next_volume_may_not_be_begun()
    {
        await using var perb = await StartAsync();
        var name = perb.AddArchive(101, Hour, (4 * (4 << 20)) - 100_000);
        var rclone = perb.ConfigureFaulty(("TimeZone", ZoneAtNoon()), ("Remotes:0:Uploads", 2), ("Remotes:0:DailyLimit", "9MiB"));
        rclone.Holds("copyto*.001-of-004.enc", perb.PathOf("go"));
        await using var once = perb.Run("once");
        await Eventually.HoldsAsync("another one was sent beside it", () => Sent(perb) == 1);
        await Eventually.HoldsAsync("what was sealed ahead of the limit is there", () => InStaging(perb) >= 2);

        File.WriteAllText(perb.PathOf("go"), "");

        Assert.Equal(TryLater, await once.EndAsync());
        Assert.Equal(1, rclone.Copies($"{name}.001-of-004.enc"));
        Assert.Equal(2, Sent(perb));
    }

    [Fact]
    public async Task As_many_volumes_of_a_backup_as_uploads_are_sent_at_once_and_never_more()
    {
        await using var perb = await StartAsync();
        var name = perb.AddArchive(101, Hour, (6 * (4 << 20)) - 100_000);
        var rclone = perb.ConfigureFaulty(("Remotes:0:Uploads", 2), ("Staging:Sealers", 2));
        rclone.Gathers("copyto*.enc", perb.PathOf("go"));
        await using var once = perb.Run("once");
        await Eventually.HoldsAsync("all are sealed that may be under way", () => InStaging(perb) == 4);
        await Eventually.HoldsAsync("two are sent", () => rclone.MostAtOnce() == 2);

        File.WriteAllText(perb.PathOf("go"), "");

        Assert.Equal(0, await once.EndAsync());
        perb.AssertWhole(name, volumes: 6);
        Assert.Equal(2, rclone.MostAtOnce());
    }

    [Fact]
    public async Task Volumes_of_two_backups_share_the_uploads_of_their_remote()
    {
        await using var perb = await StartAsync();
        string[] names = [perb.AddArchive(101, Hour), perb.AddArchive(102, Hour), perb.AddArchive(103, Hour), perb.AddArchive(104, Hour)];
        var rclone = perb.ConfigureFaulty(("Remotes:0:Uploads", 2));
        rclone.Gathers("copyto*.enc", perb.PathOf("go"));
        await using var once = perb.Run("once");
        await Eventually.HoldsAsync("volumes of two backups are sent", () => rclone.MostAtOnce() == 2);

        File.WriteAllText(perb.PathOf("go"), "");

        Assert.Equal(0, await once.EndAsync());
        Assert.Equal(2, rclone.MostAtOnce());
        Assert.Equal([.. names.SelectMany(name => PerbInstallation.ObjectsOf(name, volumes: 1)).Order(StringComparer.Ordinal), "perb.json"], perb.Objects());
    }

    [Theory]
    [InlineData(7, """{"level":"error","msg":"googleapi: Error 403: User rate limit exceeded., userRateLimitExceeded"}""")]
    [InlineData(1, """{"level":"error","msg":"activityLimitReached: Application's activity limit has been reached"}""")]
    public async Task A_used_up_quota_is_waited_for_and_not_stormed(int exitCode, string answer)
    {
        await using var perb = await StartAsync();
        var name = perb.AddArchive(101, Hour);
        var other = perb.AddArchive(102, Hour);
        var rclone = perb.ConfigureFaulty();
        rclone.Answers("copyto*.enc", exitCode, answer + "\n");
        await using var service = perb.Run();
        await service.SaysAsync("Trouble with remote offsite");
        await Eventually.HoldsAsync("two more polls", async () => await PollsAfterAsync(perb, TimeSpan.FromSeconds(2)));

        var sent = rclone.Copies($"{name}.enc") + rclone.Copies($"{other}.enc");
        var status = await perb.StatusAsync();

        Assert.Equal(1, sent);
        Assert.Contains("quota", (string)Assert.Single(status["troubles"]!.AsArray())!["text"]!, StringComparison.Ordinal);
        var failed = Assert.Single(status["queue"]!.AsArray(), entry => entry!["backup"]!["failure"] is not null)!["backup"]!;
        Assert.Equal("discovered", (string)failed["state"]!);
        Assert.InRange((DateTimeOffset)failed["nextAttemptAt"]! - TimeProvider.System.GetUtcNow(), TimeSpan.FromMinutes(10), TimeSpan.FromHours(2));

        rclone.Mend();
        var retry = await perb.RunAsync("retry", "--all");
        Assert.True(retry.ExitCode == 0, retry.Output + retry.Errors);
        await service.SaysAsync($"Published {name}");
        await service.SaysAsync($"Published {other}");
    }

    private Task<PerbInstallation> StartAsync() => PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);

    // So that no midnight and no end of a window falls into the test.
    private static string ZoneAtNoon()
    {
        var east = 12 - TimeProvider.System.GetUtcNow().Hour;
        return east == 0 ? "Etc/UTC" : $"Etc/GMT{-east:+0;-0}"; // POSIX counts to the west
    }

    private static void AssertWaits(JsonNode backup)
    {
        Assert.Equal("discovered", (string)backup["state"]!);
        Assert.Equal(0, (int)backup["attempt"]!);
        Assert.Null(backup["failure"]);
        Assert.Null(backup["nextAttemptAt"]);
    }

    private static int Sent(PerbInstallation perb) => perb.Objects().Count(name => name.EndsWith(".enc", StringComparison.Ordinal));

    private static int InStaging(PerbInstallation perb) => Directory.Exists(perb.Staging) ? Directory.GetFiles(perb.Staging, "*.enc").Length : 0;

    private static async Task<bool> PollsAfterAsync(PerbInstallation perb, TimeSpan later)
    {
        var status = await perb.StatusAsync();
        var since = (DateTimeOffset)status["troubles"]![0]!["since"]!;
        return status["service"]!["lastPoll"] is { } poll && (DateTimeOffset)poll > since + later;
    }
}
