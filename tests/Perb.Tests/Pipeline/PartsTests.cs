using Microsoft.Extensions.Time.Testing;
using Perb.Scheduler.Backups;
using Perb.Scheduler.Pipeline;
using Perb.Scheduler.Store;
using Perb.Tests.Discovery;
using Perb.Transfer.Rclone;

namespace Perb.Tests.Pipeline;

public sealed class PartsTests
{
    [Fact]
    public void A_ring_between_taking_and_awaiting_is_not_lost()
    {
        var wakeUp = new WakeUp();
        var next = wakeUp.Next;

        wakeUp.Ring();

        Assert.True(next.IsCompletedSuccessfully);
        Assert.False(wakeUp.Next.IsCompleted);
    }

    [Fact]
    public void A_ring_wakes_everybody_who_waits()
    {
        var wakeUp = new WakeUp();
        var waiting = Enumerable.Range(0, 3).Select(_ => wakeUp.Next).ToList();

        wakeUp.Ring();

        Assert.All(waiting, task => Assert.True(task.IsCompletedSuccessfully));
    }

    [Fact]
    public void A_ring_ends_no_pause_and_a_push_wakes_everybody()
    {
        var wakeUp = new WakeUp();
        var (next, pushed) = (wakeUp.Next, wakeUp.Pushed);

        wakeUp.Ring();
        Assert.True(next.IsCompletedSuccessfully);
        Assert.False(pushed.IsCompleted);

        next = wakeUp.Next;
        wakeUp.Push();
        Assert.True(next.IsCompletedSuccessfully && pushed.IsCompletedSuccessfully);
        Assert.False(wakeUp.Next.IsCompleted || wakeUp.Pushed.IsCompleted);
    }

    [Fact]
    public void A_step_shows_its_bytes_and_its_average_speed()
    {
        var time = new FakeTimeProvider();
        var activities = new Activities(time);
        var step = activities.Begin(Backup, "upload", 2, 3, 1000);
        Assert.Equal(new Activity("upload", 2, 3, 0, 1000, 0), activities.Of(Backup.Id));

        time.Advance(TimeSpan.FromSeconds(4));
        step.Report(100);
        Assert.Equal(new Activity("upload", 2, 3, 100, 1000, 25), activities.Of(Backup.Id));
        Assert.Equal((Backup, activities.Of(Backup.Id)!), Assert.Single(activities.Current));

        activities.Finished(Backup);
        Assert.Null(activities.Of(Backup.Id));
    }

    [Fact]
    public void A_report_that_comes_late_does_not_bring_a_finished_backup_back()
    {
        var activities = new Activities(new FakeTimeProvider());
        var step = activities.Begin(Backup, "upload", 1, 3, 1000);
        activities.Finished(Backup);

        step.Report(500);

        Assert.Empty(activities.Current);
    }

    [Fact]
    public void A_run_counts_what_became_of_each_backup()
    {
        var result = new ShippingResult()
            .With(null)
            .With(new Failure(FailureKind.Transient, ""))
            .With(new Failure(FailureKind.SourceMissing, ""))
            .With(new Failure(FailureKind.Unexpected, ""))
            .With(new Failure(FailureKind.NeedsOperator, ""))
            .WithRefusal(Failure.From(new RcloneException(RcloneFailure.Configuration, "")))
            .WithRefusal(Failure.From(new RcloneException(RcloneFailure.Temporary, "")));

        Assert.Equal(new ShippingResult(Published: 1, Failed: 2, Waiting: 3, Refused: 1), result);
        Assert.Equal(new ShippingResult(2, 4, 6, 2), result + result);
    }

    private static Backup Backup { get; } = Archives.BackupOf(Archives.Found());
}
