using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Perb.Scheduler.Scheduling;
using Perb.Tests.Store;
using Quartz;

namespace Perb.Tests.Observability;

/// <summary>A real scheduler that is never started: what counts is when it would run next.</summary>
public sealed class ClockSetBackTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task After_the_clock_was_set_back_every_schedule_begins_anew_and_before_that_none()
    {
        var now = TimeProvider.System.GetUtcNow();
        var time = new JumpingClock { Wall = now.AddYears(1) };
        await using var services = new ServiceCollection().AddLogging().AddQuartz().BuildServiceProvider();
        var schedulers = services.GetRequiredService<ISchedulerFactory>();
        var scheduler = await schedulers.GetScheduler(TestStore.Stop);
        await scheduler.ScheduleJob(
            JobBuilder.Create<Nothing>().WithIdentity("poll").Build(),
            TriggerBuilder.Create().WithIdentity("poll").StartAt(now.AddYears(1)).WithSimpleSchedule(every => every.WithInterval(Second).RepeatForever()).Build(),
            cancellationToken: TestStore.Stop);
        await scheduler.ScheduleJob(
            JobBuilder.Create<Nothing>().WithIdentity("reconcile").Build(),
            TriggerBuilder.Create().WithIdentity("reconcile").StartAt(now.AddYears(1)).WithCronSchedule("0 0 * * * ?").Build(),
            cancellationToken: TestStore.Stop);
        using var watch = new ClockSetBack(schedulers, time, NullLogger<ClockSetBack>.Instance);

        (time.Wall, time.Steady) = (time.Wall + Second, Second);
        await watch.LookAsync(TestStore.Stop);
        Assert.True(await NextAsync("poll") > now.AddMonths(11));

        time.Wall = now;
        await watch.LookAsync(TestStore.Stop);

        Assert.InRange(await NextAsync("poll"), now - Second, now + Second);
        Assert.InRange(await NextAsync("reconcile"), now - Second, now.AddHours(1) + Second);
        await scheduler.Shutdown(cancellationToken: TestStore.Stop);

        async Task<DateTimeOffset> NextAsync(string trigger) => (await scheduler.GetTrigger(new TriggerKey(trigger), TestStore.Stop))!.NextFireTimeUtc!.Value;
    }

    private sealed class Nothing : IJob
    {
        public ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default) => ValueTask.CompletedTask;
    }
}
