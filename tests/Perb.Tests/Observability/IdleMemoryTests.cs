using Microsoft.Extensions.Time.Testing;
using Perb.Scheduler.Backups;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Pipeline;
using Perb.Tests.Discovery;

namespace Perb.Tests.Observability;

public sealed class IdleMemoryTests
{
    private static Backup Backup { get; } = Archives.BackupOf(Archives.Found());

    [Fact]
    public void Memory_is_given_back_at_the_first_look_after_the_start_and_after_each_time_of_work()
    {
        var time = new FakeTimeProvider();
        var activities = new Activities(time);
        using var memory = new IdleMemory(activities, time);
        var looks = new List<bool> { memory.IsTimeToTrim(), memory.IsTimeToTrim() };

        activities.Begin(Backup, "seal", 1, 1, 10);
        looks.Add(memory.IsTimeToTrim());
        looks.Add(memory.IsTimeToTrim());
        activities.Finished(Backup);
        looks.Add(memory.IsTimeToTrim());
        looks.Add(memory.IsTimeToTrim());

        Assert.Equal([true, false, false, false, true, false], looks);
    }

    [Fact]
    public void Idle_for_long_gives_back_at_every_sixth_look()
    {
        var time = new FakeTimeProvider();
        using var memory = new IdleMemory(new Activities(time), time);

        var looks = Enumerable.Range(0, 13).Where(_ => memory.IsTimeToTrim()).ToList();

        Assert.Equal([0, 6, 12], looks);
    }
}
