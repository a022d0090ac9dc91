using Perb.Scheduler.Backups;
using Perb.Scheduler.Store;
using Perb.Scheduler.Waiting;
using Perb.Tests.Discovery;

namespace Perb.Tests.Waiting;

public sealed class BackupReportTests
{
    private static readonly VzdumpArchive Archive = new(Archives.Found().Name, "local");

    private readonly BackupReport _report = new(Archive, "r", TimeSpan.FromMinutes(2));

    [Theory]
    [InlineData(BackupState.Published, null, BackupOutcome.Good, "r: published, verified by hash, 3.00 KiB")]
    [InlineData(BackupState.Pruned, null, BackupOutcome.Good, "pruned there already")]
    [InlineData(BackupState.Skipped, "Exclude names it", BackupOutcome.Good, "not shipped: Exclude names it")]
    [InlineData(BackupState.Published, "other bytes", BackupOutcome.Failed, "ERROR: vzdump-qemu-100")]
    [InlineData(BackupState.Failed, "a name conflict", BackupOutcome.Failed, "r: failed: a name conflict")]
    [InlineData(BackupState.SourceMissing, null, BackupOutcome.Failed, "r: source-missing: see perb status")]
    [InlineData(BackupState.Lost, "gone", BackupOutcome.Failed, "r: lost: gone")]
    public void An_end_is_said_at_once(BackupState state, string? failure, BackupOutcome outcome, string text)
    {
        var line = _report.Next(View(Backup(state) with { Failure = failure, VerifiedHow = "hash", SealedBytes = 3 << 10 }), TimeSpan.Zero);

        Assert.Contains(text, line, StringComparison.Ordinal);
        Assert.Equal(outcome, _report.Outcome);
        Assert.Equal(outcome == BackupOutcome.Failed, line!.StartsWith("ERROR: ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(BackupState.Discovered)]
    [InlineData(BackupState.Verified)]
    [InlineData(BackupState.Damaged)]
    public void What_the_service_goes_on_with_is_not_at_its_end(BackupState state)
    {
        Assert.Null(_report.Next(View(Backup(state)), TimeSpan.Zero));
        Assert.Equal(BackupOutcome.Pending, _report.Outcome);
    }

    [Fact]
    public void Slow_progress_is_told_after_seconds_and_then_every_half_minute()
    {
        var said = Enumerable.Range(0, 121).Where(second => Next(second, Upload(second)) is not null);

        Assert.Equal([3, 33, 63, 93], said);
    }

    [Fact]
    public void Fast_progress_is_told_by_tenths_but_not_more_often_than_every_five_seconds()
    {
        // The whole in 40 seconds: the first half of the way is sealed, the second uploaded.
        Activity At(int second) => second < 20 ? Step("seal", 50 * second) : Step("upload", 50 * (second - 20));
        var said = Enumerable.Range(0, 41).Where(second => Next(second, At(second)) is not null).ToList();

        Assert.Equal([3, 8, 13, 18, 23, 28, 33, 38], said);
    }

    [Fact]
    public void A_line_names_step_volume_and_share()
    {
        Next(0, null);

        Assert.Equal(
            $"{Archive.Name.FileName} to r: upload of volume 2/4, 25 % of 1000 B, 0 B/s", Next(3, new Activity("upload", 2, 4, 250, 1000, 0)));
    }

    [Fact]
    public void Standing_still_is_repeated_after_minutes_only()
    {
        var said = Enumerable.Range(0, 700).Where(second => Next(second, null) is not null);

        Assert.Equal([3, 303, 603], said);
    }

    [Fact]
    public void Every_failed_attempt_is_told_with_its_reason()
    {
        Next(0, null);
        var waits = Next(5, null);
        var first = Next(10, null, attempt: 1, failure: "the network is away");
        var same = Next(20, null, attempt: 1, failure: "the network is away");
        var second = Next(40, null, attempt: 2, failure: "the network is away");

        Assert.EndsWith(" to r waits", waits, StringComparison.Ordinal);
        Assert.EndsWith("waits, attempt 1 failed: the network is away", first, StringComparison.Ordinal);
        Assert.Null(same);
        Assert.EndsWith("waits, attempt 2 failed: the network is away", second, StringComparison.Ordinal);
        Assert.Equal(BackupOutcome.Pending, _report.Outcome);
    }

    [Fact]
    public void Trouble_of_the_remote_is_why_a_backup_waits()
    {
        var view = View(Backup(BackupState.Discovered)) with { Troubles = new Dictionary<string, string> { ["remote r"] = "no such host" } };
        _report.Next(view, TimeSpan.Zero);

        Assert.EndsWith("waits: remote r: no such host", _report.Next(view, TimeSpan.FromSeconds(5)), StringComparison.Ordinal);
    }

    [Fact]
    public void What_the_service_does_not_take_up_fails_with_the_trouble_of_its_storage()
    {
        var view = StoreView.Empty with { Troubles = new Dictionary<string, string> { ["storage local"] = "it is skipped" } };
        Assert.Null(_report.Next(view, TimeSpan.FromSeconds(60)));
        Assert.EndsWith("is yet to be discovered by the service", _report.Next(view, TimeSpan.FromSeconds(70)), StringComparison.Ordinal);
        Assert.Null(_report.Next(view, TimeSpan.FromSeconds(180)));

        var line = _report.Next(view, TimeSpan.FromSeconds(181));

        Assert.EndsWith("the service has not taken it up: storage local: it is skipped", line, StringComparison.Ordinal);
        Assert.Equal(BackupOutcome.Failed, _report.Outcome);
    }

    private static Activity Upload(int second) => Step("upload", second);

    private static Activity Step(string step, int done) => new(step, 1, 1, done, 1000, 1);

    private string? Next(int second, Activity? activity, int attempt = 0, string? failure = null)
    {
        var view = View(Backup(BackupState.Discovered) with { Attempt = attempt, Failure = failure });
        return _report.Next(
            activity is null ? view : view with { Activities = new Dictionary<long, Activity> { [7] = activity } }, TimeSpan.FromSeconds(second));
    }

    private static StoreView View(Backup backup) => StoreView.Empty with { Backups = [backup with { Remote = "another" }, backup] };

    private static Backup Backup(BackupState state) => Archives.BackupOf(Archives.Found(), state);
}
