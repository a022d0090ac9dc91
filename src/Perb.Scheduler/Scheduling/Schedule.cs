using Microsoft.Extensions.DependencyInjection;
using Perb.Scheduler.Configuration;
using Quartz;

namespace Perb.Scheduler.Scheduling;

/// <summary>Quartz is only the clock: schedules live in memory, what is to be done lives in the store.</summary>
internal static class Schedule
{
    public static void AddSchedule(this IServiceCollection services, PerbOptions options)
    {
        services.AddQuartz(quartz =>
        {
            // A poll of a node that does not answer would hold the stop until its request runs out of time.
            quartz.ConfigureScheduler(scheduler => scheduler.ShutdownJobInterruption = ShutdownJobInterruption.Always);
            quartz.ScheduleJob<ReconcileJob>(
                trigger => trigger.StartNow().WithIdentity("reconcile at start"),
                job => job.WithIdentity("reconcile"));
            quartz.AddTrigger(trigger => trigger
                .ForJob("reconcile")
                .WithIdentity("reconcile")
                .WithCronSchedule(options.Discovery.Reconcile, cron => cron.InTimeZone(options.TimeZone)));
            quartz.ScheduleJob<PollJob>(
                trigger => trigger
                    .WithIdentity("poll")
                    .StartNow()
                    .WithSimpleSchedule(every => every.WithInterval(options.Discovery.Poll).RepeatForever()),
                job => job.WithIdentity("poll"));
            foreach (var remote in options.Remotes.Where(remote => remote.Retention is not null))
            {
                quartz.ScheduleJob<PruneJob>(
                    trigger => trigger
                        .WithIdentity($"prune {remote.Name}")
                        .WithCronSchedule(remote.PruneSchedule, cron => cron.InTimeZone(options.TimeZone)),
                    job => job.WithIdentity($"prune {remote.Name}").UsingJobData(PruneJob.RemoteKey, remote.Name));
            }

            foreach (var remote in options.Remotes)
            {
                quartz.ScheduleJob<VerifyJob>(
                    trigger => trigger
                        .WithIdentity($"verify {remote.Name}")
                        .WithCronSchedule(remote.VerifySchedule, cron => cron.InTimeZone(options.TimeZone)),
                    job => job.WithIdentity($"verify {remote.Name}").UsingJobData(PruneJob.RemoteKey, remote.Name));
            }

            // Also where none are to be written any more: what was trouble then is over.
            quartz.ScheduleJob<NotesJob>(
                trigger => trigger
                    .WithIdentity("notes")
                    .StartNow()
                    .WithSimpleSchedule(every => _ = options.Proxmox.WriteNotes ? every.WithInterval(options.Discovery.Poll).RepeatForever() : every),
                job => job.WithIdentity("notes"));
        });
        services.AddHostedService<ClockSetBack>();
        services.AddQuartzHostedService(hosted => hosted.WaitForJobsToComplete = true);
    }
}
