using Perb.Scheduler.Backups;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Pipeline;
using Perb.Scheduler.Store;
using Perb.Tests.Store;
using Perb.Transfer.Rclone;

namespace Perb.Tests.Pipeline;

public sealed class UploadLimitsTests : IAsyncLifetime
{
    private static readonly Remote Any = new("r", RemotePath.Parse("r:perb"), VerifyLevel.Hash, TransferLimits.None);
    private static readonly TimeZoneInfo Berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");

    private TestStore _store = null!;

    public async ValueTask InitializeAsync() => _store = await TestStore.OpenAsync();

    public async ValueTask DisposeAsync() => await _store.DisposeAsync();

    [Theory]
    [InlineData("22:00-06:00", "2027-01-10T20:59:59Z", "2027-01-10T21:00:00Z")] // Berlin is an hour ahead
    [InlineData("22:00-06:00", "2027-01-10T21:00:00Z", null)]
    [InlineData("22:00-06:00", "2027-01-11T04:59:59Z", null)]
    [InlineData("22:00-06:00", "2027-01-11T05:00:00Z", "2027-01-11T21:00:00Z")]
    [InlineData("08:00-09:00", "2027-01-11T08:30:00Z", "2027-01-12T07:00:00Z")]
    [InlineData("02:30-04:00", "2027-03-27T20:00:00Z", "2027-03-28T01:30:00Z")] // that night the clock has no 02:30
    public void A_window_opens_on_the_clock_of_the_zone(string window, string now, string? opens)
    {
        _store.Time.SetUtcNow(DateTimeOffset.Parse(now, System.Globalization.CultureInfo.InvariantCulture));
        Assert.True(DayWindow.TryParse(window, out var parsed));

        var closed = Limits().Closed(Any with { UploadWindow = parsed });

        Assert.Equal(opens, closed is null ? null : $"{closed.Until.UtcDateTime:s}Z");
    }

    [Fact]
    public async Task A_day_takes_no_more_than_its_limit_and_the_next_day_begins_at_midnight_of_the_zone()
    {
        var remote = Any with { DailyBytes = 100 };
        await SendAsync(remote, 60);

        var refused = await Assert.ThrowsAsync<HeldBackException>(() => SendAsync(remote, 50));
        await SendAsync(remote, 40);
        _store.Time.SetUtcNow(refused.HeldBack.Until);
        await SendAsync(remote, 50);

        Assert.Equal(TimeSpan.Zero, TimeZoneInfo.ConvertTime(refused.HeldBack.Until, Berlin).TimeOfDay);
    }

    [Fact]
    public async Task What_was_sent_counts_after_a_restart()
    {
        var remote = Any with { DailyBytes = 100 };
        await SendAsync(remote, 60);

        await Assert.ThrowsAsync<HeldBackException>(() => SendAsync(remote, 60, Limits()));
    }

    [Fact]
    public async Task A_volume_that_is_larger_than_the_limit_is_sent_where_it_is_the_first_of_its_day()
    {
        await SendAsync(Any with { DailyBytes = 100 }, 101);

        await Assert.ThrowsAsync<HeldBackException>(() => SendAsync(Any with { DailyBytes = 100 }, 1));
    }

    [Fact]
    public async Task What_a_failed_upload_did_not_send_is_not_counted()
    {
        var remote = Any with { DailyBytes = 100 };
        await Assert.ThrowsAsync<IOException>(() => Limits().SendAsync(
            remote, 90, new Nobody(), progress => FailAfter(progress, 30), TestStore.Stop));

        await SendAsync(remote, 70);
        await Assert.ThrowsAsync<HeldBackException>(() => SendAsync(remote, 1));
    }

    [Fact]
    public async Task Remotes_count_by_themselves()
    {
        await SendAsync(Any with { DailyBytes = 100 }, 100);

        await SendAsync(Any with { Name = "s", DailyBytes = 100 }, 100);
    }

    private static Task FailAfter(IProgress<TransferProgress> progress, long sent)
    {
        progress.Report(new TransferProgress(sent, 90, 1, null));
        throw new IOException("the line went dead");
    }

    private Task SendAsync(Remote remote, long bytes, UploadLimits? limits = null) =>
        (limits ?? Limits()).SendAsync(remote, bytes, new Nobody(), _ => Task.CompletedTask, TestStore.Stop);

    private UploadLimits Limits() => new(new UploadStore(_store.Database, _store.Time), Berlin, _store.Time);

    private sealed class Nobody : IProgress<TransferProgress>
    {
        public void Report(TransferProgress value)
        {
        }
    }
}
